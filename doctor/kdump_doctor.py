#!/usr/bin/env python3
"""kdump-doctor: would this machine save a dump of its kernel if it crashed now, and if not, why not?

It reads. It writes no file, loads no kernel, changes no setting, and sends nothing; `--remote` alone opens a
connection to the server that the settings name. Besides files it looks at what these commands print, each for at
most five seconds: ``systemctl show`` and ``journalctl`` for the units of kdump-tools, as root also
``makedumpfile --mem-usage /proc/kcore``, and with ``--remote`` an ``ssh`` that runs ``true``.

For Ubuntu 22.04 to 26.10 and Debian 12 to 14, with the package kdump-tools. Python 3.10 or later, nothing else.

    python3 kdump_doctor.py             what anybody may see
    sudo python3 kdump_doctor.py        everything
    python3 kdump_doctor.py --help      the options

The exit status is 0 if the machine is ready, 1 if a crash would leave no usable dump, 2 if that cannot be told.

Where to read on:
    CHECKS      what is looked at, in the order in which things can fail
    FINDINGS    all that can be wrong, in both languages, each with the section of the guide that cures it
    Machine     the only part that touches the machine
    check_*     one function for each line of CHECKS

SPDX-License-Identifier: MIT
Part of the guide "Kdump, proven"; its file LICENSE has the full text.
"""

from __future__ import annotations

import argparse
import base64
import errno
import fnmatch
import hashlib
import hmac
import io
import json
import os
import re
import select
import shlex
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import time
import unicodedata
import zlib
from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property, partial
from typing import Any, NamedTuple

VERSION = "1.0"
SCHEMA = 1  # of the output of --json; schema.json describes it

KIB, MIB, GIB = 2**10, 2**20, 2**30
FILE_LIMIT = 256 * KIB  # of one file, if nothing else is said
PATH_LIMIT = 4096  # of the kernel: PATH_MAX
COMMAND_S = 5.0  # for one command
LEAST_S = 0.1  # for anything, when patience has run out
FOLDER_S = 5.0  # for the folder of dumps, which may lie on a server that is gone
LOGIN_S = 8.0  # for a login over SSH
MOST_OF_A_KIND = 5  # findings that are shown
PATIENCE_S = 9.0  # for all waiting together, but for --remote


class Words(NamedTuple):
    """One text in each language."""

    en: str
    zh: str


class Kind(NamedTuple):
    """Something that can be wrong. ``{name}`` in a text stands for a value of the machine at hand."""

    level: str  # a key of LEVELS
    cure: str  # PAGE#SECTION of the guide
    en: str
    zh: str
    do: str = ""  # a command that cures it, if one does
    crash: str = ""  # what a crash would do: a key of OUTCOMES


# From worst to best. A fault means: no usable dump. The last three are no findings.
LEVELS = {
    "fault": Words("fault", "故障"),
    "warning": Words("warning", "警告"),
    "note": Words("note", "提示"),
    "unseen": Words("unseen", "未见"),
    "follows": Words("follows", "连带"),
    "fine": Words("fine", "正常"),
}

CHECKS = {
    "packages": Words("packages", "软件包"),
    "kernel": Words("kernel", "内核"),
    "cmdline": Words("command line", "内核命令行"),
    "reservation": Words("reservation", "预留内存"),
    "capture": Words("capture kernel", "捕获内核"),
    "service": Words("service", "服务"),
    "settings": Words("settings", "设置"),
    "boot": Words("next boot", "下次启动"),
    "space": Words("disk space", "磁盘空间"),
    "makedumpfile": Words("makedumpfile", "makedumpfile"),
    "panic": Words("panic", "panic"),
    "locks": Words("locks", "加载限制"),
    "encryption": Words("storage", "存储"),
    "remote": Words("remote", "远程"),
    "watchdog": Words("watchdogs", "看门狗"),
    "dumps": Words("dumps", "已有转储"),
}

# What a crash would do, for the last sentence. {end} is one of ENDS.
# fmt: off
OUTCOMES = {
    "none": Words("A crash now would leave no dump, and {end}.", "现在崩溃的话，不会留下转储，{end}。"),
    "dies": Words(
        "A crash now would start a capture kernel that cannot finish: no dump, and {end}.",
        "现在崩溃的话，捕获内核会启动，但无法完成：没有转储，{end}。"),
    "hangs": Words(
        "A crash now would start the capture kernel, which would then wait: no dump, and nothing restarts the machine.",
        "现在崩溃的话，捕获内核会启动，然后一直等待：没有转储，机器也不会自行重启。"),
    "empty": Words(
        "A crash now would leave a file that is no dump, report it as saved, and restart the machine.",
        "现在崩溃的话，会留下一个不是转储的文件，却报告已保存，然后重启机器。"),
    "partial": Words(
        "A crash now would save the kernel's log at best, no whole dump, and restart the machine.",
        "现在崩溃的话，最多存下内核日志，没有完整的转储，然后重启机器。"),
    "unreadable": Words(
        "A crash now would save a dump in which data is missing that tools need to open it, and restart the machine.",
        "现在崩溃的话，会保存一个转储，但其中缺少工具打开它所需的数据，然后重启机器。"),
    "saved": Words(
        "A crash now would start {kernel} in {reserved}, save a dump to {place}, and restart the machine.",
        "现在崩溃的话，会在 {reserved} 预留内存里启动 {kernel}，把转储存到 {place}，然后重启机器。"),
    "unknown": Words("What a crash now would do cannot be told from here.", "现在崩溃会怎样，从这里无法判断。"),
}
ENDS = {
    "restart": Words("the machine would restart after {seconds} s", "机器会在 {seconds} 秒后重启"),
    "now": Words("the machine would restart at once", "机器会立刻重启"),
    "stand": Words("the machine would hang until somebody resets it", "机器会一直卡住，直到有人复位"),
}

# Each belongs to the check that its name begins with.
FINDINGS = {
    # ---- packages
    "packages.none": Kind("fault", "install#packages", crash="none", do="sudo apt install kdump-tools",
        en="kdump-tools is not installed.",
        zh="没有安装 kdump-tools。"),
    "packages.left": Kind("fault", "remove#purge", crash="none", do="sudo apt purge kdump-tools && sudo update-grub && sudo reboot",
        en="kdump-tools is not installed, but {size} of memory are reserved for it.",
        zh="没有安装 kdump-tools，却仍有 {size} 内存为它预留着。"),
    "packages.kexec": Kind("fault", "install#packages", crash="none", do="sudo apt install kexec-tools",
        en="There is no /sbin/kexec, so nothing can be loaded.",
        zh="没有 /sbin/kexec，什么都加载不了。"),
    "packages.makedumpfile": Kind("warning", "install#packages", do="sudo apt install makedumpfile",
        en="makedumpfile is not installed: a dump would be a copy of all memory, without the kernel's log beside it.",
        zh="没有安装 makedumpfile：转储会是全部内存的副本，旁边也没有内核日志。"),
    "packages.builder": Kind("fault", "capture-kernel#initramfs", crash="none",
        do="sudo apt install initramfs-tools-core && sudo kdump-config load",
        en="Nothing here builds the initramfs of the capture kernel: mkinitramfs is missing, and so is the initramfs.",
        zh="没有程序能生成捕获内核的 initramfs：缺少 mkinitramfs，initramfs 本身也不存在。"),
    "packages.next-builder": Kind("warning", "capture-kernel#initramfs", do="sudo apt install initramfs-tools-core",
        en="mkinitramfs is missing: the next kernel will get no capture initramfs, and then no kdump.",
        zh="缺少 mkinitramfs：下一个内核不会有捕获内核的 initramfs，届时 kdump 也就失效。"),
    # ---- kernel
    "kernel.kexec": Kind("fault", "reference#build-options", crash="none",
        en="This kernel cannot load a capture kernel: /sys/kernel has neither kexec_crash_loaded nor kexec/crash_loaded.",
        zh="这个内核无法加载捕获内核：/sys/kernel 下既没有 kexec_crash_loaded，也没有 kexec/crash_loaded。"),
    "kernel.option": Kind("fault", "reference#build-options", crash="none",
        en="This kernel was built without {options}, which kdump needs.",
        zh="这个内核编译时没有启用 kdump 需要的 {options}。"),
    # ---- command line
    "cmdline.reboot": Kind("fault", "quick-start#reboot", crash="none", do="sudo reboot",
        en="The boot menu has {value}, the running kernel was started without it: not restarted since.",
        zh="启动菜单里已有 {value}，但正在运行的内核启动时还没有它：之后没有重启过。"),
    "cmdline.recovery": Kind("fault", "grub#entries", crash="none", do="sudo reboot",
        en="This is the recovery entry of the boot menu, which has no crashkernel=.",
        zh="这次是从恢复模式启动的，恢复模式的菜单项没有 crashkernel=。"),
    "cmdline.menu": Kind("fault", "grub#way", crash="none", do="sudo update-grub && sudo reboot",
        en="{file} asks for {value}, but the boot menu does not have it: update-grub has not run since.",
        zh="{file} 里写着 {value}，启动菜单里却没有：之后没有运行过 update-grub。"),
    "cmdline.lost": Kind("fault", "grub#lost", crash="none",
        en="{file} assigns GRUB_CMDLINE_LINUX_DEFAULT instead of appending to it, and so removes {value}.",
        zh="{file} 给 GRUB_CMDLINE_LINUX_DEFAULT 直接赋值而不是追加，把 {value} 抹掉了。"),
    "cmdline.file": Kind("fault", "grub#way", crash="none",
        en="No file in /etc/default/grub.d asks for crashkernel=, nor does /etc/default/grub.",
        zh="/etc/default/grub.d 里的文件和 /etc/default/grub 都没有写 crashkernel=。"),
    "cmdline.loader": Kind("fault", "grub#others", crash="none",
        en="The kernel's command line has no crashkernel=. It does not come from GRUB here ({loader}), so the package's file has no "
           "reader.",
        zh="内核命令行没有 crashkernel=。这台机器的命令行不由 GRUB 提供（{loader}），软件包的那个文件没有程序会读。"),
    "cmdline.missing": Kind("fault", "grub#way", crash="none", do="sudo update-grub && sudo reboot",
        en="The kernel's command line has no crashkernel=, so nothing was reserved at boot.",
        zh="内核命令行没有 crashkernel=，启动时没有预留内存。"),
    "cmdline.auto": Kind("fault", "crashkernel#grammar", crash="none",
        en="crashkernel=auto means nothing to this kernel: only kernels of Red Hat knew it.",
        zh="crashkernel=auto 对这个内核没有意义：只有 Red Hat 的内核认识过它。"),
    "cmdline.syntax": Kind("fault", "crashkernel#grammar", crash="none",
        en="The kernel cannot read {value}: {said}.",
        zh="内核读不懂 {value}：{said}。"),
    "cmdline.several": Kind("note", "crashkernel-forms#address",
        en="{count} times crashkernel=; the last one counts: {value}.",
        zh="crashkernel= 出现了 {count} 次，最后一个有效：{value}。"),
    # ---- reservation
    "reservation.range": Kind("fault", "crashkernel#boundaries", crash="none",
        en="Nothing is reserved: no range of {value} holds this machine's {memory}.",
        zh="没有预留内存：{value} 没有一个区间包含这台机器的 {memory}。"),
    "reservation.size": Kind("fault", "crashkernel#grammar", crash="none",
        en="Nothing is reserved: {value} names a size that is not smaller than this machine's {memory} (the kernel: invalid size).",
        zh="没有预留内存：{value} 里有一个大小不小于这台机器的 {memory}（内核的说法：invalid size）。"),
    "reservation.zero": Kind("fault", "crashkernel#grammar", crash="none",
        en="Nothing is reserved, since {value} asks for nothing.",
        zh="没有预留内存：{value} 要的就是 0。"),
    "reservation.large": Kind("fault", "crashkernel#grammar", crash="none",
        en="Nothing is reserved: {value} is more than this machine's {memory} can give.",
        zh="没有预留内存：{value} 超出了这台机器 {memory} 所能给的。"),
    "reservation.address": Kind("fault", "crashkernel-forms#impossible", crash="none",
        en="Nothing is reserved: at the address of {value} there is no free memory.",
        zh="没有预留内存：{value} 指定的地址上没有空闲内存。"),
    "reservation.cma": Kind("fault", "crashkernel-forms#cma", crash="none",
        en="Nothing is reserved: kernels before 6.17 do not know {value}, and it hides what stands before it.",
        zh="没有预留内存：6.17 之前的内核不认识 {value}，而它又盖过了前面的参数。"),
    "reservation.given-back": Kind("fault", "crashkernel-size#shrink", crash="none", do="sudo reboot",
        en="Nothing is reserved any more: the memory was given back after the boot.",
        zh="预留内存已经没有了：启动之后被还给了系统。"),
    "reservation.none": Kind("fault", "crashkernel-forms#look", crash="none",
        en="Nothing is reserved although the command line has {value}. The kernel's log says why: sudo dmesg | grep crashkernel",
        zh="命令行里有 {value}，却没有预留到内存。原因在内核日志里：sudo dmesg | grep crashkernel"),
    "reservation.said": Kind("fault", "{page}", crash="none",
        en="Nothing is reserved. The kernel said: {said} - {meaning}",
        zh="没有预留内存。内核的消息：{said} —— {meaning}"),
    "reservation.tiny": Kind("fault", "crashkernel-size#too-small", crash="dies",
        en="{size} are reserved. Kernel and initramfs alone, unpacked, need about {least}; kdump-config suggests {suggested}.",
        zh="预留了 {size}。单是内核和 initramfs 解开后就要 {least} 左右，kdump-config 建议 {suggested}。"),
    "reservation.low": Kind("warning", "crashkernel-size#enough",
        en="{size} are reserved, kdump-config suggests {suggested}. It may be enough: only a test crash can tell.",
        zh="预留了 {size}，kdump-config 建议 {suggested}。也许够用，只有测试崩溃才能确定。"),
    "reservation.shrunk": Kind("note", "crashkernel-size#shrink",
        en="{size} are reserved, {asked} were at boot: some was given back.",
        zh="预留着 {size}，启动时是 {asked}：其中一部分还给了系统。"),
    # ---- capture kernel
    "capture.unloaded": Kind("fault", "kdump-config#load", crash="none", do="sudo kdump-config load",
        en="No capture kernel is loaded.",
        zh="没有加载捕获内核。"),
    "capture.stopped": Kind("fault", "remove#pause", crash="none", do="sudo systemctl start kdump-tools",
        en="No capture kernel is loaded: the service was stopped.",
        zh="没有加载捕获内核：服务已被停止。"),
    "capture.off": Kind("fault", "remove#disable", crash="none",
        do="sudo systemctl unmask kdump-tools; sudo systemctl enable --now kdump-tools",
        en="No capture kernel is loaded: the service is {state}.",
        zh="没有加载捕获内核：服务的状态是 {state}。"),
    "capture.kernel-file": Kind("fault", "capture-kernel#files", crash="none",
        en="No capture kernel is loaded, since {file} (KDUMP_KERNEL) leads to no file.",
        zh="没有加载捕获内核：{file}（KDUMP_KERNEL）找不到文件。"),
    "capture.initrd-file": Kind("fault", "capture-kernel#initramfs", crash="none",
        do="sudo kdump-config symlinks \"$(uname -r)\" && sudo kdump-config load",
        en="No capture kernel is loaded, since {file} (KDUMP_INITRD) leads to no file.",
        zh="没有加载捕获内核：{file}（KDUMP_INITRD）找不到文件。"),
    "capture.format": Kind("fault", "settings#keys", crash="none",
        en="{file} (KDUMP_KERNEL) is no kernel.",
        zh="{file}（KDUMP_KERNEL）不是内核。"),
    "capture.disabled": Kind("fault", "privacy#switches", crash="none", do="sudo reboot",
        en="No capture kernel is loaded, and kernel.kexec_load_disabled=1 forbids it until the next boot.",
        zh="没有加载捕获内核，而 kernel.kexec_load_disabled=1 在下次启动之前禁止加载。"),
    "capture.limit": Kind("fault", "privacy#switches", crash="none", do="sudo reboot",
        en="No capture kernel is loaded, and kernel.kexec_load_limit_panic=0 forbids it until the next boot.",
        zh="没有加载捕获内核，而 kernel.kexec_load_limit_panic=0 在下次启动之前禁止加载。"),
    "capture.lockdown": Kind("fault", "secure-boot#refused", crash="none",
        en="No capture kernel is loaded, and the kernel is locked down ({mode}): it takes signed kernels only, by kexec_file_load.",
        zh="没有加载捕获内核，而内核处于锁定状态（{mode}）：只接受用 kexec_file_load 加载的、有签名的内核。"),
    "capture.said": Kind("fault", "{page}", crash="none",
        en="No capture kernel is loaded. The journal says: {said} - {meaning}",
        zh="没有加载捕获内核。日志里的消息：{said} —— {meaning}"),
    "capture.version": Kind("warning", "capture-kernel#upgrades", do="sudo kdump-config reload",
        en="The capture kernel is {loaded}, the running one {running}: its modules and its initramfs may not fit.",
        zh="捕获内核是 {loaded}，正在运行的是 {running}：模块和 initramfs 可能不匹配。"),
    "capture.stale-initrd": Kind("warning", "capture-kernel#add-module", do="sudo kdump-config reload",
        en="{file} was built after the capture kernel had been loaded: what is loaded is the older one.",
        zh="{file} 是在加载捕获内核之后生成的：已加载的仍是旧的那个。"),
    "capture.stale-kernel": Kind("warning", "capture-kernel#upgrades", do="sudo kdump-config reload",
        en="{file} was replaced after the capture kernel had been loaded.",
        zh="{file} 在加载捕获内核之后被替换过。"),
    "capture.stale-settings": Kind("warning", "settings#when", do="sudo kdump-config reload",
        en="The capture kernel was loaded with other settings than the file has now ({difference}).",
        zh="加载捕获内核时用的设置与现在文件里的不同（{difference}）。"),
    "capture.outdated": Kind("warning", "capture-kernel#add-module",
        do="sudo /etc/kernel/postinst.d/kdump-tools \"$(uname -r)\" && sudo kdump-config reload",
        en="{file} has changed since the capture initramfs was built.",
        zh="生成捕获内核的 initramfs 之后，{file} 又改动过。"),
    "capture.words": Kind("warning", "settings#append",
        en="The capture kernel's command line lacks what the package appends: {words}.",
        zh="捕获内核的命令行里缺少软件包默认追加的参数：{words}。"),
    "capture.full-initrd": Kind("warning", "settings#keys",
        en="KDUMP_KERNEL is not set, so the ordinary initramfs is used, which needs several times the memory.",
        zh="没有设置 KDUMP_KERNEL，于是用的是普通的 initramfs，占用的内存是几倍。"),
    # ---- service
    "service.off": Kind("warning", "remove#disable", do="sudo systemctl unmask kdump-tools; sudo systemctl enable kdump-tools",
        en="The service is {state}: after the next boot nothing will be loaded.",
        zh="服务的状态是 {state}：下次启动后不会再加载。"),
    "service.last": Kind("warning", "{page}",
        en="The last capture ({when}) failed: {said} - {meaning}",
        zh="最近一次转储（{when}）失败：{said} —— {meaning}"),
    "service.said": Kind("warning", "{page}",
        en="The last capture ({when}) saved a dump, but said: {said} - {meaning}",
        zh="最近一次转储（{when}）保存了文件，但报告说：{said} —— {meaning}"),
    "service.vanished": Kind("warning", "crashkernel-size#too-small",
        en="The boot before this one ended without a shutdown ({when}), and left no dump: the power failed, or the capture kernel did.",
        zh="上一次启动没有正常关机就结束了（{when}），也没有留下转储：要么断电，要么捕获内核没能工作。"),
    # ---- settings
    "settings.missing": Kind("fault", "settings#keys", crash="none", do="sudo dpkg-reconfigure kdump-tools",
        en="/etc/default/kdump-tools is missing. USE_KDUMP then counts as off.",
        zh="缺少 /etc/default/kdump-tools，USE_KDUMP 就等于关闭。"),
    "settings.off": Kind("fault", "settings#use-kdump", crash="none", do="sudo dpkg-reconfigure kdump-tools",
        en="USE_KDUMP is {value} in /etc/default/kdump-tools: nothing will be loaded.",
        zh="/etc/default/kdump-tools 里的 USE_KDUMP 是 {value}：不会加载任何东西。"),
    "settings.off-loaded": Kind("fault", "settings#use-kdump", crash="hangs",
        en="USE_KDUMP is {value}, but a capture kernel is loaded: after a crash it would start, save nothing, and not restart.",
        zh="USE_KDUMP 是 {value}，但捕获内核已加载：崩溃后它会启动，什么都不保存，也不重启。"),
    "settings.crlf": Kind("fault", "settings#shell", crash="none", do="sudo sed -i 's/\\r$//' /etc/default/kdump-tools",
        en="/etc/default/kdump-tools has line ends of Windows: to the shell each value ends with a carriage return.",
        zh="/etc/default/kdump-tools 用的是 Windows 换行符：对 shell 来说，每个值都以回车符结尾。"),
    "settings.quote": Kind("fault", "settings#shell", crash="none",
        en="Line {line} of /etc/default/kdump-tools opens a quotation that is never closed: the shell reads no more of it.",
        zh="/etc/default/kdump-tools 第 {line} 行的引号没有闭合：shell 不会再往下读。"),
    "settings.syntax": Kind("fault", "settings#shell", crash="none",
        en="Line {line} of /etc/default/kdump-tools has a parenthesis after =, an error at which sh stops reading.",
        zh="/etc/default/kdump-tools 第 {line} 行的 = 后面有括号，sh 读到这里就报错停止。"),
    "settings.sh": Kind("fault", "settings#shell", crash="none",
        en="At line {line} of /etc/default/kdump-tools sh finds an error and ends, and kdump-config with it: {said}",
        zh="sh 在 /etc/default/kdump-tools 第 {line} 行遇到错误而退出，kdump-config 也随之退出：{said}"),
    "settings.plus": Kind("warning", "settings#shell",
        en="Line {line}: {name}+= does not exist in sh; the setting stays as it was.",
        zh="第 {line} 行：sh 没有 {name}+= 这种写法，这项设置没有变化。"),
    "settings.dollar": Kind("warning", "settings#shell",
        en="Line {line}: {name} refers to itself, but the default is filled in later, so it is lost.",
        zh="第 {line} 行：{name} 引用了自己，而默认值是之后才填入的，因此丢失。"),
    "settings.command": Kind("warning", "settings#shell",
        en="Line {line} is no assignment, so the shell runs it as a command: {text}",
        zh="第 {line} 行不是赋值，shell 会把它当成命令执行：{text}"),
    "settings.unknown": Kind("warning", "settings#keys",
        en="Line {line}: nothing reads {name}{guess}.",
        zh="第 {line} 行：没有程序会读 {name}{guess}。"),
    "settings.arguments": Kind("fault", "dump-levels#failure", crash="empty",
        en="MAKEDUMP_ARGS: makedumpfile refuses {option}. It would write its error instead of a dump.",
        zh="MAKEDUMP_ARGS：makedumpfile 不接受 {option}，写到文件里的会是报错，而不是转储。"),
    "settings.folder": Kind("fault", "settings#keys", crash="partial",
        en="KDUMP_COREDIR is {value}, which is no absolute path.",
        zh="KDUMP_COREDIR 是 {value}，不是绝对路径。"),
    "settings.targets": Kind("warning", "settings#servers",
        en="More than one target is set: {targets}. Each gets a dump, one after the other, and only the last one's success counts.",
        zh="设置了不止一个目标：{targets}。会依次各存一份，只有最后一个的成败算数。"),
    "settings.nfs": Kind("fault", "remote/nfs#configure", crash="partial",
        en="NFS is {value}; it has to be SERVER:FOLDER.",
        zh="NFS 是 {value}，应写成 SERVER:FOLDER。"),
    "settings.fail-cmd": Kind("warning", "settings#fail-cmd",
        en="KDUMP_FAIL_CMD has a {mark}, which is a word like any other there: name a script instead.",
        zh="KDUMP_FAIL_CMD 里有 {mark}，在那里它只是普通的词：请改为一个脚本。"),
    "settings.fail-file": Kind("warning", "settings#fail-cmd",
        en="KDUMP_FAIL_CMD names {file}, which cannot be run: the machine would not restart after a failure.",
        zh="KDUMP_FAIL_CMD 指向的 {file} 无法执行：保存失败后机器不会重启。"),
    "settings.compression": Kind("warning", "settings#rehearsal",
        en="KDUMP_COMPRESSION={value} is not known or not installed, and is ignored.",
        zh="KDUMP_COMPRESSION={value} 不受支持或没有安装，会被忽略。"),
    "settings.number": Kind("warning", "settings#keys",
        en="{name} is {value}, which is no number.",
        zh="{name} 是 {value}，不是数字。"),
    # ---- next boot
    "boot.lost": Kind("warning", "grub#lost",
        en="The next boot reserves nothing: {file} assigns GRUB_CMDLINE_LINUX_DEFAULT instead of appending to it.",
        zh="下次启动不会预留内存：{file} 给 GRUB_CMDLINE_LINUX_DEFAULT 直接赋值而不是追加。"),
    "boot.loses": Kind("warning", "grub#lost",
        en="The next update-grub takes crashkernel= away: {file} assigns GRUB_CMDLINE_LINUX_DEFAULT instead of appending to it.",
        zh="下一次 update-grub 会去掉 crashkernel=：{file} 给 GRUB_CMDLINE_LINUX_DEFAULT 直接赋值而不是追加。"),
    "boot.none": Kind("warning", "grub#way", do="sudo update-grub",
        en="The next boot reserves nothing: the boot menu's entries have no crashkernel=.",
        zh="下次启动不会预留内存：启动菜单项里没有 crashkernel=。"),
    "boot.stale": Kind("warning", "grub#way", do="sudo update-grub",
        en="/etc/default asks for {files}, the boot menu has {menu}: update-grub has not run since.",
        zh="/etc/default 里写的是 {files}，启动菜单里是 {menu}：之后没有运行过 update-grub。"),
    "boot.other": Kind("note", "grub#way",
        en="The next boot will have {menu}, this one has {now}.",
        zh="下次启动用的是 {menu}，这次是 {now}。"),
    "boot.plus": Kind("warning", "grub#way",
        en="{file}, line {line}: += does not exist in sh, so update-grub fails.",
        zh="{file} 第 {line} 行：sh 没有 += 这种写法，update-grub 会失败。"),
    # ---- disk space
    "space.none": Kind("fault", "dump-levels#space", crash="partial",
        en="{free} are free in {folder}, and a dump needs more: at least about {least}.",
        zh="{folder} 只剩 {free}，不够存一个转储：至少要 {least} 左右。"),
    "space.little": Kind("warning", "dump-levels#space",
        en="{free} are free in {folder}; a dump may need up to {most}.",
        zh="{folder} 还剩 {free}，而一个转储最多可能要 {most}。"),
    "space.files": Kind("fault", "dump-levels#space", crash="partial",
        en="The file system of {folder} can take no more files.",
        zh="{folder} 所在的文件系统不能再创建文件。"),
    "space.read-only": Kind("fault", "dump-levels#failure", crash="partial",
        en="{folder} is on a file system that is mounted read-only.",
        zh="{folder} 所在的文件系统是只读挂载的。"),
    "space.volatile": Kind("fault", "settings#keys", crash="none",
        en="{folder} is on a {type}, which is gone after a restart.",
        zh="{folder} 在 {type} 上，重启之后就没有了。"),
    "space.hangs": Kind("fault", "remote/nfs#lost", crash="partial",
        en="{folder} does not answer within {seconds} s: a server or a disk behind it is gone.",
        zh="{folder} 在 {seconds} 秒内没有响应：它背后的服务器或磁盘不在了。"),
    # ---- makedumpfile
    "makedumpfile.slab": Kind("fault", "dump-levels#older", crash="unreadable",
        do="sudo sed -i 's/^#*MAKEDUMP_ARGS=.*/MAKEDUMP_ARGS=\"-c -d 23\"/' /etc/default/kdump-tools",
        en="makedumpfile {version} leaves out slab pages of kernels from 6.10 on: crash cannot open such a dump.",
        zh="makedumpfile {version} 会漏掉 6.10 及更新内核的 slab 页，crash 打不开这样的转储。"),
    "makedumpfile.tail": Kind("warning", "analysis/newer-kernel#bit",
        do="sudo sed -i 's/^#*MAKEDUMP_ARGS=.*/MAKEDUMP_ARGS=\"-c -d 23\"/' /etc/default/kdump-tools",
        en="makedumpfile {version} takes memory of kernel {kernel} for a program's: the crashed task may be missing from a dump.",
        zh="makedumpfile {version} 会把内核 {kernel} 的内存当成程序的：转储里可能没有崩溃的任务。"),
    "makedumpfile.free": Kind("note", "dump-levels#bits",
        en="{version} keeps free pages: larger dumps",
        zh="{version} 会保留空闲页：转储偏大"),
    "makedumpfile.old": Kind("note", "releases#meaning",
        en="{version} is older than kernel {kernel}",
        zh="{version} 比内核 {kernel} 旧"),
    # ---- panic
    "panic.oops": Kind("warning", "triggers#oops-captured", do="sudo sysctl kernel.panic_on_oops=1",
        en="kernel.panic_on_oops is 0, although kdump sets it: after an oops the kernel goes on, and nothing is saved.",
        zh="kernel.panic_on_oops 是 0，尽管 kdump 会设置它：oops 之后内核继续运行，什么都不保存。"),
    "panic.pages": Kind("warning", "settings#sysctl",
        en="{file} sets {key}={value}. The capture boot reads it, too, and then lacks that memory.",
        zh="{file} 设置了 {key}={value}。捕获内核的系统也会读它，于是少了这些内存。"),
    "panic.capture": Kind("note", "triggers#which",
        en="The capture boot reads {keys} in /etc/sysctl.d, too.",
        zh="捕获内核的系统也会读 /etc/sysctl.d 里的 {keys}。"),
    "panic.stays": Kind("note", "settings#append",
        en="no panic=10: a failure hangs for ever",
        zh="没有 panic=10：一旦失败就会停住不动"),
    "panic.notifiers": Kind("note", "other-machines#pvpanic",
        en="crash_kexec_post_notifiers is on: other handlers run before the dump.",
        zh="crash_kexec_post_notifiers 已启用：转储之前会先运行其他处理程序。"),
    # ---- locks
    "locks.disabled": Kind("note", "privacy#switches",
        en="kexec_load_disabled=1: nothing can be reloaded",
        zh="kexec_load_disabled=1：不能重新加载"),
    "locks.unsigned": Kind("warning", "secure-boot#unsigned",
        en="The kernel is locked down, and {file} has no signature: it cannot be loaded again.",
        zh="内核处于锁定状态，而 {file} 没有签名：无法再次加载。"),
    "locks.old-call": Kind("warning", "secure-boot#kexec-load",
        en="KDUMP_KEXEC_ARGS asks for the older system call, which a locked-down kernel refuses.",
        zh="KDUMP_KEXEC_ARGS 指定了较早的系统调用，锁定的内核会拒绝。"),
    # ---- storage
    "encryption.root": Kind("fault", "storage#luks-root", crash="hangs",
        en="The root file system is encrypted ({name}), and its passphrase is typed: the capture kernel would wait for it.",
        zh="根文件系统已加密（{name}），而且要手工输入口令：捕获内核会一直等人输入。"),
    "encryption.root-key": Kind("note", "storage#luks-root",
        en="The root is encrypted ({name}); test that the capture boot can open it.",
        zh="根文件系统已加密（{name}），请测试捕获内核能否打开它。"),
    "encryption.argon": Kind("fault", "storage#argon2", crash="dies",
        en="To open {name} takes {memory} of memory, and {reserved} are reserved.",
        zh="打开 {name} 需要 {memory} 内存，而预留的只有 {reserved}。"),
    "encryption.folder": Kind("fault", "storage#luks", crash="hangs",
        en="{folder} is on the encrypted volume {name}, whose passphrase is typed: the capture boot would wait for it.",
        zh="{folder} 在加密卷 {name} 上，而且要手工输入口令：捕获内核会一直等人输入。"),
    "encryption.covered": Kind("warning", "storage#luks",
        en="{folder} is on the volume {name}, which the capture boot does not open: the dump would go to the disk below, in clear.",
        zh="{folder} 在卷 {name} 上，而捕获内核不会打开它：转储会以明文写到下面的磁盘上。"),
    "encryption.fstab": Kind("warning", "storage#luks",
        en="{folder} is mounted, but /etc/fstab does not have it: the capture boot would write below the mount point.",
        zh="{folder} 已挂载，但不在 /etc/fstab 里：捕获内核会写到挂载点下面的目录里。"),
    "encryption.usb": Kind("fault", "capture-kernel#command-line", crash="dies",
        en="{folder} is on a USB disk, and usbcore.nousb switches USB off in the capture kernel.",
        zh="{folder} 在 USB 磁盘上，而 usbcore.nousb 会在捕获内核里关闭 USB。"),
    # ---- remote
    "remote.program": Kind("fault", "{page}", crash="partial",
        en="{target} is set, but {program} is not installed.",
        zh="设置了 {target}，却没有安装 {program}。"),
    "remote.key": Kind("fault", "remote/ssh#key", crash="partial", do="sudo kdump-config propagate",
        en="The key {file} for {target} does not exist.",
        zh="用于 {target} 的密钥 {file} 不存在。"),
    "remote.host": Kind("fault", "remote/ssh#host-key", crash="partial",
        en="root does not know the host key of {host}: in the capture boot nobody can answer ssh's question.",
        zh="root 不认识 {host} 的主机密钥：捕获内核里没有人能回答 ssh 的提问。"),
    "remote.reach": Kind("fault", "{page}", crash="partial",
        en="{host} does not answer on port {port}: {said}.",
        zh="{host} 的端口 {port} 没有响应：{said}。"),
    "remote.login": Kind("fault", "remote/ssh#key", crash="partial",
        en="A login to {target} with the key failed: {said}",
        zh="用密钥登录 {target} 失败：{said}"),
    # ---- watchdogs
    "watchdog.active": Kind("warning", "lockups#watchdog-in-dump",
        en="{name} is running and resets the machine after {seconds} s without a sign: perhaps in the middle of a dump.",
        zh="{name} 正在运行，{seconds} 秒没有动静就会复位机器：可能正好在转储途中。"),
    # ---- dumps
    "dumps.empty": Kind("warning", "dump-levels#failure",
        en="{file} is empty.",
        zh="{file} 是空的。"),
    "dumps.cut": Kind("warning", "dump-levels#failure",
        en="{file} is cut off: its end mark is missing. Do not run makedumpfile -R on it, which would not end.",
        zh="{file} 不完整：缺少结束标记。不要对它执行 makedumpfile -R，那不会结束。"),
    "dumps.other": Kind("warning", "dump-levels#flattened",
        en="{file} is no dump: it begins with other bytes.",
        zh="{file} 不是转储：开头的字节不对。"),
    "dumps.incomplete": Kind("warning", "dump-levels#failure",
        en="{file} was left by a capture that did not finish.",
        zh="{file} 是没有完成的转储留下的。"),
    "dumps.readable": Kind("note", "privacy#readable",
        en="{count} whole, {readable} readable by everybody",
        zh="{count} 个完整，其中 {readable} 个任何人都能读"),
    "dumps.symbols": Kind("note", "quick-start#find",
        en="no debug symbols here for {release}",
        zh="本机没有 {release} 的调试符号"),
    "dumps.crash": Kind("note", "releases#meaning",
        en="crash {version} is older than kernel {kernel}",
        zh="crash {version} 比内核 {kernel} 旧"),
    "dumps.drgn": Kind("note", "dump-levels#flattened",
        en="drgn {version} cannot read flattened dumps",
        zh="drgn {version} 读不了流式转储格式"),
    "dumps.pstore": Kind("note", "without-kdump#efi-pstore",
        en="{folder} holds the log of a crash that left no dump.",
        zh="{folder} 里有一次崩溃的日志，那次没有留下转储。"),
}

# What is said of a check that found nothing.
FINE = {
    "packages": Words("kdump-tools {kdump}", "kdump-tools {kdump}"),
    "kernel": Words("{release}, built for kdump", "{release}，支持 kdump"),
    "kernel.unread": Words("{release}, knows kexec", "{release}，支持 kexec"),
    "cmdline": Words("{value}", "{value}"),
    "cmdline.fadump": Words("fadump: the firmware keeps the memory", "fadump：由固件保住内存"),
    "reservation": Words("{size} of {memory}", "{memory} 中的 {size}"),
    "reservation.suggested": Words(
        "{size} of {memory}; kdump-config suggests {suggested}", "{memory} 中的 {size}，kdump-config 建议 {suggested}"),
    "capture": Words("loaded", "已加载"),
    "capture.version": Words("loaded, of the running version", "已加载，与运行中的版本一致"),
    "service": Words("kdump-tools.service is {state}", "kdump-tools.service 的状态：{state}"),
    "settings": Words("{count} set, all of them known", "设了 {count} 项，都是已知的"),
    "boot": Words("{with_it} of {entries} entries have {value}", "{entries} 个菜单项中有 {with_it} 个带 {value}"),
    "boot.files": Words("the files for GRUB ask for {value}", "GRUB 的配置文件里写着 {value}"),
    "boot.loader": Words("{loader}: not looked into", "{loader}：没有检查"),
    "space": Words("{free} free in {folder}; a dump needs at most {most}", "{folder} 剩余 {free}，一个转储最多要 {most}"),
    "space.remote": Words("not needed: dumps go to {target}", "不需要：转储存到 {target}"),
    "makedumpfile": Words("{version} knows kernel {kernel}", "{version} 认识内核 {kernel}"),
    "panic": Words("panic_on_oops={oops}, kernel.panic={panic}", "panic_on_oops={oops}，kernel.panic={panic}"),
    "locks": Words("Secure Boot {secure}, lockdown {lockdown}", "Secure Boot {secure}，锁定 {lockdown}"),
    "encryption": Words("root and {folder} need no passphrase", "根文件系统和 {folder} 不需要口令"),
    "remote": Words("dumps stay on this machine", "转储留在本机"),
    "remote.set": Words("{target}; try it with --remote", "{target}；用 --remote 试连"),
    "remote.tried": Words("{target} answers", "{target} 有响应"),
    "watchdog": Words("none is running", "没有在运行的"),
    "dumps": Words("{count} whole", "{count} 个完整"),
    "dumps.none": Words("none in {folder}", "{folder} 里没有"),
    "follows": Words("follows from the fault above", "由上面的故障引起"),
}

# What could not be seen, and with which right it can be.
UNSEEN = {
    "settings": Words("the settings", "设置"),
    "folder": Words("the folder of dumps", "转储目录"),
    "dumps": Words("the contents of dumps", "转储的内容"),
    "menu": Words("the boot menu", "启动菜单"),
    "journal": Words("the journal", "系统日志"),
    "keys": Words("root's keys for SSH", "root 的 SSH 密钥"),
    "ssh": Words("whether ssh asks for the host's key", "ssh 是否会询问主机密钥"),
    "usage": Words("which pages a dump would have", "转储会包含哪些页"),
    "kernel-file": Words("the kernel's file", "内核文件"),
    "volume": Words("the header of the encrypted volume", "加密卷的头"),
    "state": Words("/sys/kernel", "/sys/kernel"),
    "reservation": Words("the size of the reservation", "预留内存的大小"),
    "late": Words("what {programs} would have said: no answer in time", "{programs} 的回答：没有在限定时间内返回"),
    "check": Words("{check} (a mistake of this program: {said})", "{check}（本程序的错误：{said}）"),
}

# Why nothing at all can be said.
UNABLE = {
    "system": Words(
        "This is {system}, and not this tool's system: it knows kdump-tools of Debian and Ubuntu only.",
        "这是 {system}，不是本工具面向的系统：它只认识 Debian 和 Ubuntu 的 kdump-tools。"),
    "container": Words(
        "This is a container ({name}): the kernel is the host's, and kdump belongs there.",
        "这是容器（{name}）：内核属于宿主机，kdump 也应配置在那里。"),
    "capture": Words(
        "This is a capture kernel, with the crashed kernel's memory in /proc/vmcore: save it first.",
        "这里是捕获内核，崩溃内核的内存在 /proc/vmcore：请先保存它。"),
    "state": Words("/sys/kernel cannot be read.", "无法读取 /sys/kernel。"),
}

SAYINGS = {
    "ready": Words("READY.", "已就绪。"),
    "ready-warned": Words("READY, but read the warnings.", "已就绪，但请看上面的警告。"),
    "not-ready": Words("NOT READY.", "未就绪。"),
    "unknown": Words("CANNOT TELL.", "无法判断。"),
    "cure": Words("cure", "办法"),
    "command": Words("command", "命令"),
    "not-seen": Words("Not seen without root: {what}. For these:", "没有 root 权限看不到：{what}。要看这些，请执行："),
    "not-seen-either": Words("Not seen: {what}.", "没有看到：{what}。"),
    "the-kernel": Words("the kernel", "内核"),
    "more": Words("And {count} more of the same kind: {check}.", "同类的还有 {count} 处：{check}。"),
    "guess": Words(" (is {name} meant?)", "（是否指 {name}？）"),
    "on": Words("on", "开"),
    "off": Words("off", "关"),
    "unknown-value": Words("unknown", "未知"),
    "list": Words(", ", "、"),
    "colon": Words(": ", "："),
    "sentences": Words(" ", ""),  # what stands between two of them
}
# fmt: on


class Machine:
    """All that is read of a machine. Every read has a bound, every wait an end, and none of them raises.

    ``root`` is another folder than / to look at a disk image, or at a made-up machine in a test; then no command is
    run, since commands speak of this machine.
    """

    def __init__(self, root: str = "/", uid: int | None = None) -> None:
        self.root = os.path.abspath(root)
        self.real = self.root == "/"
        self.uid = os.geteuid() if uid is None else uid
        self.ends = time.monotonic() + PATIENCE_S
        self.late: list[str] = []  # programs that did not end in time

    # ---- files

    def final(self, path: str) -> str | None:
        """The path with its links followed, as this machine would name it; None where links go in a circle, or it is too long."""
        if len(path) > PATH_LIMIT:
            return None
        todo, done, links = path.split("/")[::-1], "", 0
        while todo:
            part = todo.pop()
            if part in ("", "."):
                continue
            if part == "..":
                done = done.rpartition("/")[0]
                continue
            try:
                goal = os.readlink(self._outside(f"{done}/{part}"))
            except (OSError, ValueError):
                done = f"{done}/{part}"
                continue
            links += 1
            if links > 40:
                return None
            if goal.startswith("/"):
                done = ""
            todo += goal.split("/")[::-1]
        return done or "/"

    def _outside(self, path: str) -> str:
        """The path as this program has to name it; links in it are not followed."""
        return path if self.real else self.root + path

    def _place(self, path: str) -> str:
        if self.real:
            return path
        final = self.final(path)
        if final is None:
            raise OSError(errno.ELOOP, "too many links", path)
        return self._outside(final)

    def open(self, path: str, kinds: Callable[[int], bool] = stat.S_ISREG) -> int:
        """A file opened for reading, which must be of these kinds. O_NONBLOCK: a pipe or a device does not hold us up."""
        file = os.open(self._place(path), os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        if not kinds(os.fstat(file).st_mode):
            os.close(file)
            raise OSError(errno.EINVAL, "no plain file", path)
        return file

    def look(self, path: str, limit: int = FILE_LIMIT) -> tuple[bytes | None, str]:
        """At most ``limit`` bytes of a file, and "" or why there are none: "missing", "denied" or "odd"."""
        try:
            file = self.open(path)
        except (OSError, ValueError) as error:
            return None, _why(error)
        data = b""
        try:
            while len(data) < limit and (more := os.read(file, min(limit - len(data), 65536))):
                data += more
        except OSError as error:
            return None, _why(error)
        finally:
            os.close(file)
        return data, ""

    def text(self, path: str, limit: int = FILE_LIMIT) -> str | None:
        data, _ = self.look(path, limit)
        return None if data is None else data.decode("utf-8", "replace")

    def line(self, path: str) -> str:
        """The first line, "" if there is none."""
        return (self.text(path, 4096) or "").partition("\n")[0].strip()

    def number(self, path: str) -> int | None:
        line = self.line(path)
        return int(line) if re.fullmatch(r"-?[0-9]{1,19}", line, re.ASCII) else None

    def names(self, folder: str, limit: int = 5000) -> list[str]:
        """The names in a folder, in the order of their bytes; none where it cannot be read."""
        found: list[str] = []
        try:
            with os.scandir(self._place(folder)) as entries:
                for entry in entries:
                    found.append(entry.name)
                    if len(found) == limit:
                        break
        except (OSError, ValueError):
            pass
        return sorted(found, key=os.fsencode)

    def status(self, path: str) -> os.stat_result | None:
        try:
            return os.stat(self._place(path))
        except (OSError, ValueError):
            return None

    def exists(self, path: str) -> bool:
        return self.status(path) is not None

    def program(self, name: str) -> bool:
        return any(self.exists(f"{folder}/{name}") for folder in ("/usr/sbin", "/usr/bin", "/sbin", "/bin"))

    def room(self, folder: str) -> tuple[int, int, bool]:
        """Bytes and files that root has free, which saves the dump; and whether the file system is read-only."""
        space = os.statvfs(self._place(folder))
        return space.f_bfree * space.f_frsize, space.f_ffree if space.f_files else 1, bool(space.f_flag & os.ST_RDONLY)

    # ---- waiting

    def seconds(self, most: float) -> float:
        return max(LEAST_S, min(most, self.ends - time.monotonic()))

    def aside(self, work: Callable[[], Any], least: float = LEAST_S) -> Any | None:
        """What ``work`` returns, as JSON takes it, done in a process of its own. None if that waits for more than FOLDER_S.

        A process that waits for a server that is gone cannot be killed, but it can be left behind. It gets ``least`` seconds
        also where patience has run out.
        """
        ours, theirs = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.close(ours)
                data = json.dumps(work()).encode()
                while data:
                    data = data[os.write(theirs, data) :]
            finally:
                os._exit(0)
        os.close(theirs)
        data, ends, ended = b"", time.monotonic() + max(least, self.seconds(FOLDER_S)), False
        try:
            while not ended:
                left = max(0.0, ends - time.monotonic())
                if not select.select([ours], [], [], left)[0]:
                    # On a busy machine it may not have had its turn yet.
                    if not _runs(child) or self.seconds(FOLDER_S) <= LEAST_S:
                        return None
                    ends = time.monotonic() + LEAST_S
                    continue
                more = os.read(ours, 65536)
                data, ended = data + more, not more
            return json.loads(data or b"null")
        except ValueError:
            return None
        finally:
            os.close(ours)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0 if ended else os.WNOHANG)

    def command(self, *words: str, most: float = COMMAND_S, both: bool = False, needed: bool = True) -> str | None:
        """What a command printed, at most 1 MiB; None if it is not there, failed, or did not end in time.

        With ``both`` also what it printed as errors, and whatever its status. A program that is late counts among what was
        not seen, unless the check does without its answer and says so (``needed``).
        """
        if not self.real:
            return None
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": os.environ.get("HOME", "/")}
        try:
            child = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                env=environment,
                start_new_session=True,
                stderr=subprocess.STDOUT if both else subprocess.DEVNULL,
            )
        except (OSError, ValueError):
            return None
        data, ends = b"", time.monotonic() + self.seconds(most)
        assert child.stdout is not None
        while (left := ends - time.monotonic()) > 0 and len(data) < MIB:
            if not select.select([child.stdout], [], [], left)[0]:
                break
            if not (more := os.read(child.stdout.fileno(), 65536)):
                try:
                    child.wait(max(0.1, ends - time.monotonic()))
                except subprocess.TimeoutExpired:
                    break
                child.stdout.close()
                return data.decode("utf-8", "replace") if both or child.returncode == 0 else None
            data += more
        child.stdout.close()
        try:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait(0.2)
        except (OSError, subprocess.TimeoutExpired):
            pass
        if needed and len(data) < MIB and words[0] not in self.late:
            self.late.append(words[0])
        return data.decode("utf-8", "replace") if len(data) >= MIB else None

    def connect(self, host: str, port: int) -> str | None:
        """None if the port can be reached, else why not."""
        try:
            with socket.create_connection((host, port), timeout=COMMAND_S):
                return None
        except (OSError, UnicodeError, ValueError) as error:
            return str(error) or type(error).__name__


def _runs(process: int) -> bool:
    """Whether a process is running, or would if it had a processor; else it waits for something."""
    try:
        with os.fdopen(os.open(f"/proc/{process}/stat", os.O_RDONLY | os.O_CLOEXEC)) as file:
            return file.read(4096).rpartition(")")[2].split()[:1] == ["R"]
    except OSError:
        return False


def _why(error: Exception) -> str:
    number = getattr(error, "errno", None)
    return "missing" if number in (errno.ENOENT, errno.ENOTDIR) else "denied" if number in (errno.EACCES, errno.EPERM) else "odd"


# ---- files that are shell scripts: /etc/default/kdump-tools, and GRUB's


class Assignment(NamedTuple):
    """``NAME=VALUE`` of a shell script, or a line that is something else (``name`` is empty then)."""

    line: int
    name: str
    value: str = ""
    plus: bool = False  # written with +=, which sh does not have
    asked: tuple[str, ...] = ()  # the variables that the value refers to
    unknown: bool = False  # the value has a command's output in it
    fault: str = ""  # "quote", "syntax" for an array, or for a line that is something else "command" or "flow"
    text: str = ""


FLOW = {
    "if",
    "then",
    "else",
    "elif",
    "fi",
    "for",
    "do",
    "done",
    "case",
    "esac",
    "while",
    "until",
    "{",
    "}",
    ".",
    "source",
    "return",
    "exit",
    "export",
    "set",
    "unset",
}


_ASSIGNMENT = re.compile(r"(?:export[ \t]+|readonly[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)(\+?)=")
_BLANKS = re.compile(r"[ \t]*")
_NAME = re.compile(r"\{?([A-Za-z_][A-Za-z0-9_]*)\}?")
_PLAIN = re.compile(r"[^\\\"'`$ \t\n;&|]+")  # of a word without quotes
_QUOTED = re.compile(r"[^\\\"`$]+")  # between double quotes
_DEFAULT = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*):?[-=]([^}$`\"'\\]*)\}")
_PLAIN_BRACES = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")
VALUE_LIMIT = 64 * KIB  # of one variable: a value that doubles on every line would fill the memory


def assignments(text: str, known: dict[str, str] | None = None) -> Iterator[Assignment]:
    """What a shell script assigns, line by line, as sh reads it. ``known`` has the variables, and gets those of the script."""
    known = {} if known is None else known
    at, line, end = 0, 1, len(text)
    while at < end:
        if text[at] in " \t;\n":
            line += text[at] == "\n"
            at += 1
        elif text[at] == "#":
            at = _line_end(text, at)
        elif _ASSIGNMENT.match(text, at):
            begun, start = line, at
            row, at = _row(text, at, known, line)
            after = text[at : at + 1]
            line += text.count("\n", start, at)
            if row[-1].fault:
                yield row[-1]
                return
            if after and after not in ";#&|\n":  # what precedes a command is for the command alone
                at, fault = _command_end(text, at, known)
                line = begun + text.count("\n", start, at)
                yield Assignment(begun, "", fault="quote" if fault else "command", text=text[start : min(at, start + 200)])
                if fault:
                    return
                continue
            known |= {each.name: each.value for each in row if not each.plus}
            yield from row
            if after in ("&", "|"):
                at = _line_end(text, at)
        else:
            begun, start = line, at
            at, fault = _command_end(text, at, known)
            line += text.count("\n", start, at)
            whole = text[start : min(at, start + 200)].rstrip(" \t")
            word = re.split(r"[ \t;(]", whole, maxsplit=1)[0]
            yield Assignment(begun, "", fault="quote" if fault else "flow" if word in FLOW else "command", text=whole)
            if fault:
                return


def _row(text: str, at: int, known: dict[str, str], line: int) -> tuple[list[Assignment], int]:
    """What is assigned from ``at`` on, up to the first that has a fault or the first word that assigns nothing; and where that is."""
    row: list[Assignment] = []
    before: dict[str, str] = {}
    while (found := _ASSIGNMENT.match(text, at)) is not None:
        value, asked, unknown, at, opened = _value(text, found.end(), ChainMap(before, known) if before else known)
        fault = "quote" if opened else "syntax" if text.startswith("(", found.end()) else ""
        row.append(Assignment(line, found[1], value, bool(found[2]), asked, unknown, fault))
        at = _BLANKS.match(text, at).end()  # type: ignore[union-attr]
        if fault:
            break
        if not found[2]:
            before[found[1]] = value
    return row, at


def _command_end(text: str, at: int, known: dict[str, str]) -> tuple[int, bool]:
    """Where a command ends that begins at ``at``: at the end of a line, but not of one within quotes. Then, an open quotation."""
    while at < len(text) and text[at] != "\n":
        if text[at] == "#":
            return _line_end(text, at), False
        _, _, _, end, fault = _value(text, at, known)
        if fault:
            return end, True
        at = max(end, at + 1) if end == at else end
        at = _BLANKS.match(text, at).end()  # type: ignore[union-attr]
    return at, False


def _line_end(text: str, at: int) -> int:
    found = text.find("\n", at)
    return len(text) if found < 0 else found


def _value(text: str, at: int, known: Mapping[str, str]) -> tuple[str, tuple[str, ...], bool, int, bool]:
    """The word that begins at ``at``: its value, the variables in it, whether a command is in it, its end, an open quotation."""
    parts: list[str] = []
    asked: list[str] = []
    unknown, quote, end, size = False, "", len(text), 0

    def take(part: str) -> None:
        nonlocal size
        if size < VALUE_LIMIT:
            parts.append(part)
            size += len(part)

    while at < end:
        char = text[at]
        if quote == "'":
            close = text.find("'", at)
            if close < 0:
                return "".join(parts), tuple(asked), unknown, end, True
            take(text[at:close])
            at, quote = close + 1, ""
        elif char == "\\" and at + 1 < end:
            after = text[at + 1]
            if after != "\n":
                take(after if not quote or after in '$`"\\' else char + after)
            at += 2
        elif char == '"':
            quote = "" if quote else '"'
            at += 1
        elif char == "'" and not quote:
            quote = "'"
            at += 1
        elif char == "`" or text.startswith("$(", at):
            close = text.find("`" if char == "`" else ")", at + 1)
            unknown, at = True, end if close < 0 else close + 1
        elif text.startswith("${", at) and _PLAIN_BRACES.match(text, at) is None:
            found = _DEFAULT.match(text, at)  # ${NAME:-other} and its kind
            if found is not None:
                asked.append(found[1])
                take(known.get(found[1], "") or found[2])
            close = text.find("}", at)
            unknown, at = unknown or found is None, end if close < 0 else close + 1
        elif char == "$" and (found := _NAME.match(text, at + 1)) is not None:
            asked.append(found[1])
            take(known.get(found[1], ""))
            at = found.end()
        elif not quote and char in " \t\n;&|":
            break
        else:
            plain = (_QUOTED if quote else _PLAIN).match(text, at)
            at_end = plain.end() if plain else at + 1
            take(text[at:at_end])
            at = at_end
    return "".join(parts)[:VALUE_LIMIT], tuple(asked), unknown, at, bool(quote)


# ---- the kernel's arithmetic


UNITS = {"": 1, "k": KIB, "m": MIB, "g": GIB, "t": 2**40, "p": 2**50, "e": 2**60}
_SIZE = re.compile(r"(0x[0-9a-f]{1,3000}|[0-9]{1,3000})([kmgtpe]?)", re.IGNORECASE | re.ASCII)


class Reserve(NamedTuple):
    """What the kernel makes of ``crashkernel=``: the bytes that it wants, or the reason why it wants none."""

    size: int = 0
    why: str = ""  # of the findings "reservation.WHY", or "auto" or "syntax" of "cmdline.WHY"
    said: str = ""  # the kernel's words
    value: str = ""


def reserve(words: list[str], memory: int, kernel: tuple[int, int]) -> Reserve:
    """The rules of parse_crashkernel() in kernel/crash_reserve.c, for memory in bytes and a kernel such as (6, 12)."""
    suffixes = [",high", ",low", ",cma"] if kernel >= (6, 17) else [",high", ",low"]
    values = [word.partition("=")[2] for word in words if word.startswith("crashkernel=")]
    if not values:
        return Reserve()
    plain = [value for value in values if not value.endswith(tuple(suffixes))]
    high = [value for value in values if value.endswith(",high")]
    if not plain:
        chosen = high[-1] if high else values[-1]
        found = _SIZE.match(chosen)
        return Reserve(_bytes(found), value=chosen) if high and found else Reserve(0, "syntax", "memory value expected", chosen)
    chosen = plain[-1]
    if chosen == "auto":
        return Reserve(0, "auto", value=chosen)
    if ":" in chosen:
        return _ranges(chosen, memory)
    found = _SIZE.match(chosen)
    if not found:
        return Reserve(0, "syntax", "crashkernel: memory value expected", chosen)
    rest = chosen[found.end() :]
    if rest and rest[0] != "@":
        why = "cma" if rest == ",cma" else "syntax"
        return Reserve(0, why, f"crashkernel: unrecognized char: {rest[0]}", chosen)
    size = _bytes(found)
    if not 0 < size < memory:
        return Reserve(0, "large" if size else "zero", "", chosen)
    return Reserve(size, value=chosen)


def _ranges(value: str, memory: int) -> Reserve:
    total = -(-memory // (128 * MIB)) * 128 * MIB
    for entry in value.partition("@")[0].split(","):
        found = re.match(rf"({_SIZE.pattern})-({_SIZE.pattern})?:({_SIZE.pattern})", entry, re.IGNORECASE | re.ASCII)
        if not found:
            return Reserve(0, "syntax", "crashkernel: START-END:SIZE expected", value)
        start = _bytes(_SIZE.match(found[1]))
        end = _bytes(_SIZE.match(found[4])) if found[4] else 2**64
        size = _bytes(_SIZE.match(found[7]))
        if end <= start:
            return Reserve(0, "syntax", "crashkernel: end <= start", value)
        if size >= total:
            return Reserve(0, "size", "crashkernel: invalid size", value)
        if start <= total < end:
            return Reserve(size, "" if size else "range", value=value)
        if found.end() < len(entry):  # what follows the size of another range ends the list
            break
    return Reserve(0, "range", "crashkernel size resulted in zero bytes", value)


def _bytes(found: re.Match[str] | None) -> int:
    return int(found[1], 0 if found[1][:2].lower() == "0x" else 10) * UNITS[found[2].lower()] if found else 0


class Estimate(NamedTuple):
    """What the capture kernel needs, in MiB, as ``kdump-config show`` reckons it."""

    least: int  # kernel and initramfs, both unpacked
    suggested: int


def estimate(kernel: int, initramfs: int, unpacked: int, meminfo: dict[str, int], cpus: int, arch: str) -> Estimate:
    """crashkernel_estimate() of kdump-config 1:1.10.7, for two files' sizes in bytes, MiB unpacked, and /proc/meminfo early at boot."""
    factor = 6 if arch in ("x86_64", "i386", "i686", "s390x") else 2 if arch in ("ppc64le", "powerpc") else 4
    base = factor * -(-kernel // MIB) + -(-initramfs // MIB) + unpacked
    total = meminfo.get("MemTotal", 0)
    idle = sum(meminfo.get(name, 0) for name in ("MemFree", "Buffers", "Cached", "SReclaimable", "Hugetlb"))
    spare = 0
    if arch in ("x86_64", "i386", "i686"):
        others, gib = max(cpus - 1, 0), total // MIB + 1
        spare = 5000 * min(others, 32) + 3500 * min(max(others - 32, 0), 32) + 2500 * max(others - 64, 0)
        spare = (spare + 6000 * min(gib, 32) + 600 * max(gib - 32, 0)) // KIB
    return Estimate(base, max(base + (total - idle) // KIB - spare, base + 32))


def meminfo(text: str | None) -> dict[str, int]:
    """The lines of /proc/meminfo, in KiB."""
    found = re.findall(r"^([A-Za-z()_0-9]+):\s*([0-9]{1,18})\b", text or "", re.MULTILINE | re.ASCII)
    return {name: int(number) for name, number in found}


def version(text: str) -> tuple[int, int]:
    """(6, 12) of 6.12.118+deb13-cloud-amd64."""
    found = re.match(r"([0-9]{1,6})\.([0-9]{1,6})", text, re.ASCII)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def debian_key(text: str) -> tuple[Any, ...]:
    """A key by which versions of Debian packages sort, as dpkg does it."""
    epoch, colon, rest = text.partition(":")
    upstream, dash, revision = (rest if colon else text).rpartition("-")
    parts = (upstream, revision) if dash else (revision, "")
    return (int(epoch) if colon and epoch.isdecimal() else 0, *map(_part_key, parts))


def _part_key(text: str) -> list[Any]:
    """Letters and numbers in turn; "~" sorts before the end, and letters before other characters."""
    key: list[Any] = []
    for letters, number in re.findall(r"([^0-9]*)([0-9]*)", text)[:40]:
        key.append([-1 if char == "~" else ord(char) if char.isalpha() else 256 + ord(char) for char in letters] + [0])
        key.append(int(number[:18] or 0))
    return key


def human(size: float) -> str:
    """1.5 GiB, 192 MiB: at most three digits where it can be."""
    if size < GIB:
        return f"{round(size / MIB)} MiB"
    return f"{size / GIB:.1f} GiB".replace(".0 ", " ") if size < 100 * GIB else f"{round(size / GIB)} GiB"


# ---- the settings file


# fmt: off
KEYS = (
    "USE_KDUMP", "KDUMP_KERNEL", "KDUMP_INITRD", "KDUMP_COREDIR", "KDUMP_FAIL_CMD", "KDUMP_DUMP_DMESG", "KDUMP_NUM_DUMPS",
    "KDUMP_COMPRESSION", "MAKEDUMP_ARGS", "KDUMP_KEXEC_ARGS", "KDUMP_CMDLINE", "KDUMP_CMDLINE_APPEND", "HOSTTAG", "NFS",
    "NFS_TIMEO", "NFS_RETRANS", "NFS_MOUNT_RETRY", "FTP", "FTP_USER", "FTP_PASSWORD", "FTP_PORT", "SSH", "SSH_KEY",
    "SSH_KDUMP_RETRY", "KDUMP_CONFIG", "KDUMP_INITRD_GENERATOR",
)
# fmt: on
APPENDED = "reset_devices systemd.unit=kdump-tools-dump.service nr_cpus=1 irqpoll usbcore.nousb"

# The options of makedumpfile 1.7.0 to 1.7.9, from its source; a colon follows one that takes a value.
SHORT = "b:cDd:eEFfg:hi:lL:pRvXx:z"
# fmt: off
LONG = (
    "split", "reassemble", "xen-syms:", "xen-vmcoreinfo:", "xen_phys_start:", "message-level:", "vtop:", "dump-dmesg",
    "partial-dmesg", "config:", "help", "diskset:", "cyclic-buffer:", "eppic:", "non-mmap", "mem-usage", "splitblock-size:",
    "work-dir:", "num-threads:", "check-params", "dry-run", "show-stats", "extension:",
)
# fmt: on


class Settings:
    """/etc/default/kdump-tools, with the defaults of kdump-config."""

    def __init__(self, text: str, append: str) -> None:
        self.values: dict[str, str] = {}
        self.lines = list(assignments(text, self.values))
        self.append = append

    def get(self, name: str, default: str = "") -> str:
        """The value as kdump-config sees it: an empty one counts as none."""
        return self.values.get(name) or default

    @property
    def folder(self) -> str:
        return self.get("KDUMP_COREDIR", "/var/crash")

    @property
    def on(self) -> bool:
        """The script says ``[ "$USE_KDUMP" -ne 0 ] || exit 0``: what is no number ends it, too."""
        return re.fullmatch(r"\s*[-+]?[0-9]{1,3000}\s*", self.get("USE_KDUMP"), re.ASCII) is not None and int(self.get("USE_KDUMP")) != 0

    @property
    def broken(self) -> bool:
        """Whether sh takes values for others than they look, or ends in the middle."""
        return any(each.fault in ("quote", "syntax") or "\r" in each.value + each.text for each in self.lines)

    @property
    def arguments(self) -> str:
        return self.get("MAKEDUMP_ARGS", "-F -c -d 31")

    @property
    def targets(self) -> list[str]:
        return [name for name in ("FTP", "SSH", "NFS") if self.get(name)]


def refused(arguments: str) -> str | None:
    """The first of MAKEDUMP_ARGS that makedumpfile refuses, as its getopt_long() and check_param_for_creating_dumpfile() do."""
    words, given = arguments.split(), set()
    while words:
        word = words.pop(0)
        if word.startswith("--") and len(word) > 2:
            name, equals, _ = word[2:].partition("=")
            known = [each for each in LONG if each.rstrip(":") == name] or [each for each in LONG if each.startswith(name)]
            if len(known) != 1 or (equals and not known[0].endswith(":")):
                return word
            if known[0].endswith(":") and not equals and not words:
                return word
            if known[0].endswith(":") and not equals:
                words.pop(0)
            given.add(known[0].rstrip(":"))
        elif word.startswith("-") and len(word) > 1:
            letters = word[1:]
            while letters:
                letter, letters = letters[0], letters[1:]
                place = SHORT.find(letter)
                if letter == ":" or place < 0:
                    return word
                given.add(letter)
                if SHORT[place + 1 : place + 2] == ":":
                    value, letters = letters, ""
                    if not value and not words:
                        return word
                    value = value or words.pop(0)
                    if letter == "d" and not all(re.fullmatch("0*([0-9]|[12][0-9]|3[01])", level) for level in value.split(",")):
                        return f"-d {value}"
        else:
            return word  # a file name, beside /proc/vmcore
    for one, other in (("E", "c"), ("E", "l"), ("E", "p"), ("E", "z"), ("E", "num-threads"), ("num-threads", "split")):
        if one in given and other in given:
            return " ".join(f"-{each}" if len(each) == 1 else f"--{each}" for each in (one, other))
    if "config" in given and "x" not in given:
        return "--config"
    for alone in ("split", "R", "g", "v", "h", "help", "reassemble", "dump-dmesg", "partial-dmesg", "check-params", "mem-usage", "dry-run"):
        if alone in given:
            return f"-{alone}" if len(alone) == 1 else f"--{alone}"
    return None


def dump_level(arguments: str) -> int:
    """The number after -d, 0 without it."""
    found = re.findall(r"(?:^|\s)-[A-Za-z]*d\s*([0-9]{1,2})", arguments, re.ASCII)
    return int(found[-1]) if found else 0


# ---- GRUB


class Entry(NamedTuple):
    """One line of the boot menu that starts a kernel."""

    title: str
    crashkernel: str  # the last one, "" if there is none
    recovery: bool


def menu_entries(text: str) -> list[Entry]:
    """The entries of a grub.cfg that start Linux."""
    found, title = [], ""
    for line in text.splitlines()[:20000]:
        words = line.split()
        if words[:1] == ["menuentry"]:
            title = (re.split("['\"]", line, maxsplit=2) + [""])[1]
        elif words[:1] and words[0] in ("linux", "linuxefi") and "vmlinu" in "".join(words[1:2]):
            recovery = "recovery" in title or "single" in words or "recovery" in words
            found.append(Entry(title, last_crashkernel(words), recovery))
    return found


def last_crashkernel(words: Iterable[str]) -> str:
    """The parameter that counts; "" if there is none."""
    return next((word for word in reversed(list(words)) if word.startswith("crashkernel=")), "")


class GrubFiles:
    """/etc/default/grub and the files in grub.d, in the order in which grub-mkconfig reads them."""

    def __init__(self, machine: Machine) -> None:
        folder = "/etc/default/grub.d"
        files = ["/etc/default/grub", *(f"{folder}/{name}" for name in machine.names(folder, 500) if name.endswith(".cfg"))]
        known: dict[str, str] = {}
        self.lost_by = self.lost = self.set_by = ""
        self.plus: list[tuple[str, int]] = []
        self.read = False
        names = ("GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_LINUX_DEFAULT")
        before = ""
        for file in files:
            if (text := machine.text(file)) is None:
                continue
            self.read = True
            earlier = {name: known.get(name, "") for name in names}
            lines = list(assignments(text, known))
            self.plus += [(file, each.line) for each in lines if each.plus]
            # What a command prints, or a condition decides, is not known: then this file is taken to change nothing.
            conditional = any(each.fault == "flow" for each in lines)
            if any(each.name in names and (each.unknown or conditional) for each in lines):
                known |= earlier
            after = last_crashkernel(" ".join(known.get(name, "") for name in names).split())
            if before and not after:
                self.lost_by, self.lost = file, before
            if after and after != before:
                self.set_by, self.lost_by = file, ""
            before = after
        self.value = before


# ---- the examination


class Finding(NamedTuple):
    """One thing that is wrong on this machine."""

    kind: str  # a key of FINDINGS
    values: dict[str, Any]

    @property
    def check(self) -> str:
        return self.kind.partition(".")[0]

    @property
    def level(self) -> str:
        return FINDINGS[self.kind].level

    @property
    def cure(self) -> str:
        return FINDINGS[self.kind].cure.format(**self.values) if "{" in FINDINGS[self.kind].cure else FINDINGS[self.kind].cure


class Doctor:
    """One machine, examined. The facts are read when somebody asks for them, each once."""

    def __init__(self, machine: Machine, remote: bool = False) -> None:
        self.machine = machine
        self.remote = remote
        self.findings: list[Finding] = []
        self.more: dict[str, int] = {}  # how many findings of a kind are left out, after MOST_OF_A_KIND
        self.fine: dict[str, tuple[str, dict[str, Any]]] = {}
        self.unseen: list[tuple[str, bool, dict[str, Any]]] = []  # a key of UNSEEN, whether root sees it, values
        self.unable: tuple[str, dict[str, Any]] | None = None

    def examine(self) -> None:
        """All checks in their order. A mistake in one of them does not end the others."""
        if self.cannot():
            return
        for name, check in EXAMINATIONS.items():
            if (self.unable and name not in ("packages", "settings")) or self.absent:
                continue
            try:
                check(self)
            except Exception as error:
                if os.environ.get("KDUMP_DOCTOR_RAISE"):
                    raise
                self.miss("check", False, check=name, said=f"{type(error).__name__}: {error}")
        if self.machine.late:
            self.miss("late", False, programs=SAYINGS["list"].en.join(self.machine.late))

    def cannot(self) -> bool:
        """Whether this is no machine to examine at all. In a container the settings can still be looked at."""
        os_release = self.os_release
        family = {os_release.get("ID", ""), *os_release.get("ID_LIKE", "").split()}
        if not family & {"debian", "ubuntu"}:
            self.unable = ("system", {"system": os_release.get("PRETTY_NAME") or os_release.get("ID") or SAYINGS["unknown-value"]})
            return True
        if (self.machine.status("/proc/vmcore")) is not None:
            self.unable = ("capture", {})
            return True
        name = self.container
        if name:
            self.unable = ("container", {"name": name})
        elif not self.machine.names("/sys/kernel"):
            self.unable = ("state", {})
        return False

    def find(self, kind: str, **values: Any) -> None:
        same = [each for each in self.findings if each.kind == kind]
        if len(same) >= MOST_OF_A_KIND:
            self.more[kind] = self.more.get(kind, 0) + 1
        elif all(values != each.values for each in same):
            self.findings.append(Finding(kind, values))

    def well(self, check: str, text: str = "", **values: Any) -> None:
        self.fine[check] = (text or check, values)

    def miss(self, what: str, right: bool = True, **values: Any) -> None:
        if all(what != each or what == "check" for each, _, _ in self.unseen):
            self.unseen.append((what, right and self.machine.uid != 0, values))

    def follow(self, *checks: str) -> None:
        """These checks have nothing of their own to say: what they would find comes from a fault that is already found."""
        for check in checks:
            self.fine[check] = ("follows", {})

    @property
    def absent(self) -> bool:
        """Whether there is no kdump here at all, so that nothing else needs to be said."""
        return any(each.kind in ("packages.none", "packages.left") for each in self.findings)

    def faulty(self, *checks: str) -> bool:
        """Whether one of these checks, or any, has found a fault."""
        return any(each.level == "fault" and (not checks or each.check in checks) for each in self.findings)

    # ---- what kind of machine

    @cached_property
    def os_release(self) -> dict[str, str]:
        text = self.machine.text("/etc/os-release") or self.machine.text("/usr/lib/os-release") or ""
        return {each.name: each.value for each in assignments(text) if each.name}

    @cached_property
    def container(self) -> str:
        machine = self.machine
        if name := machine.line("/run/systemd/container"):
            return name
        for file, name in (("/.dockerenv", "docker"), ("/run/.containerenv", "podman")):
            if machine.exists(file):
                return name
        environment = machine.text("/proc/1/environ", 65536) or ""
        if found := re.search(r"(?:^|\0)container=([\w-]+)", environment):
            return found[1]
        return "WSL" if "microsoft" in self.release.lower() else ""

    @cached_property
    def release(self) -> str:
        return self.machine.line("/proc/sys/kernel/osrelease") or (os.uname().release if self.machine.real else "")

    @cached_property
    def arch(self) -> str:
        return self.machine.line("/proc/sys/kernel/arch") or os.uname().machine

    @cached_property
    def cmdline(self) -> str:
        return (self.machine.text("/proc/cmdline", 65536) or "").strip("\n\0 ")

    @cached_property
    def words(self) -> list[str]:
        return self.cmdline.split()

    @cached_property
    def cpus(self) -> int:
        total = 0
        for part in self.machine.line("/sys/devices/system/cpu/online").split(","):
            first, dash, last = part.partition("-")
            if first.isdecimal() and (not dash or last.isdecimal()):
                total += int(last or first) - int(first) + 1
        return max(total, 1)

    @cached_property
    def memory(self) -> int:
        """Bytes of memory as the kernel counts them for crashkernel=, the reservation included; 0 if unknown."""
        iomem = re.findall(
            r"^([0-9a-f]{1,16})-([0-9a-f]{1,16}) : System RAM", self.machine.text("/proc/iomem") or "", re.MULTILINE | re.ASCII
        )
        total = sum(int(last, 16) - int(first, 16) + 1 for first, last in iomem)
        if total > MIB:
            return total
        kib = meminfo(self.machine.text("/proc/meminfo")).get("MemTotal", 0)
        # The kernel keeps some for itself before it counts MemTotal.
        return kib * KIB + (self.size or 0) + 48 * MIB + kib * KIB // 64 if kib else 0

    @cached_property
    def packages(self) -> dict[str, str]:
        """Versions of the installed packages of this subject; "" for one that is removed and has left its configuration."""
        wanted = ("kdump-tools", "makedumpfile", "kexec-tools", "crash", "python3-drgn", "initramfs-tools-core", "dracut")
        found = {}
        text = self.machine.text("/var/lib/dpkg/status", 64 * MIB) or ""
        for name in wanted:
            stanza = re.search(rf"^Package: {name}\n(?:.+\n)*", text, re.MULTILINE)
            state = re.search(r"^Status: \S+ \S+ (\S+)$", stanza[0], re.MULTILINE) if stanza else None
            number = re.search(r"^Version: (\S+)$", stanza[0], re.MULTILINE) if stanza else None
            if state and number:
                found[name] = number[1] if state[1] not in ("config-files", "half-installed", "not-installed") else ""
        return found

    # ---- what the kernel says

    def kexec_file(self, name: str) -> int | None:
        """A number of /sys/kernel, under the name that kernels have had since 2026, or under the older one."""
        new = self.machine.number(f"/sys/kernel/kexec/{name}")
        return self.machine.number(f"/sys/kernel/kexec_{name}") if new is None else new

    @cached_property
    def fadump(self) -> bool:
        return self.machine.number("/sys/kernel/fadump_enabled") == 1

    @cached_property
    def size(self) -> int | None:
        return self.kexec_file("crash_size")

    @cached_property
    def loaded(self) -> bool:
        registered = self.machine.number("/sys/kernel/fadump_registered")
        return (registered if self.fadump else self.kexec_file("crash_loaded")) == 1

    @cached_property
    def asked(self) -> Reserve:
        return reserve(self.words, self.memory or 2**60, version(self.release))

    @cached_property
    def lockdown(self) -> str:
        found = re.search(r"\[(\w+)\]", self.machine.line("/sys/kernel/security/lockdown"))
        return found[1] if found else ""

    @cached_property
    def secure_boot(self) -> bool | None:
        folder = "/sys/firmware/efi/efivars"
        bits = {}
        for name in self.machine.names(folder):
            if name.startswith(("SecureBoot-", "SetupMode-")):
                data, _ = self.machine.look(f"{folder}/{name}", 64)
                bits[name.partition("-")[0]] = data[4] if data and len(data) > 4 else None
        if not bits:
            return None if self.machine.exists("/sys/firmware/efi") and not self.machine.exists(folder) else False
        return bits.get("SecureBoot") == 1 and bits.get("SetupMode") == 0

    def sysctl(self, key: str) -> int | None:
        return self.machine.number("/proc/sys/" + key.replace(".", "/"))

    # ---- settings

    @cached_property
    def settings(self) -> Settings:
        text = self.machine.text("/etc/default/kdump-tools") or ""
        script = self.machine.text("/usr/sbin/kdump-config") or ""
        found = re.search(r'KDUMP_CMDLINE_APPEND:="([^"$]*)"', script)
        return Settings(text, found[1] if found else APPENDED)

    @cached_property
    def settings_error(self) -> re.Match[str] | None:
        """The line at which sh takes the settings for an error, such as an ``if`` without ``fi``, and its words.

        With ``-n`` sh reads a script and runs none of it.
        """
        said = self.machine.command("sh", "-n", "/etc/default/kdump-tools", both=True) if self.settings_seen else None
        return re.search(r": (?:line )?([0-9]{1,9}): ([Ss]yntax error.*)", said or "")

    @property
    def settings_broken(self) -> bool:
        """Whether sh reads the settings otherwise than they look, or not at all."""
        return self.settings.broken or self.settings_error is not None

    @cached_property
    def kernel_file(self) -> str:
        return self.settings.get("KDUMP_KERNEL", f"/boot/vmlinuz-{self.release}")

    @cached_property
    def initrd_file(self) -> str:
        usual = "" if self.settings.get("KDUMP_KERNEL") else f"/boot/initrd.img-{self.release}"
        return self.settings.get("KDUMP_INITRD", usual)

    # ---- the folder of dumps, looked at from a process of its own

    @cached_property
    def settings_seen(self) -> bool:
        """Whether the settings could be read, or there is no such file; not where it is closed to this user."""
        return self.machine.look("/etc/default/kdump-tools")[1] in ("", "missing")

    @cached_property
    def folder(self) -> dict[str, Any]:
        """What is in KDUMP_COREDIR: see ``_folder``. {} if it does not answer."""
        # A second in any case: commands that hung must not make a disk look dead.
        return self.machine.aside(self._folder, least=1) or {}

    def _folder(self) -> dict[str, Any]:
        machine, place = self.machine, self.settings.folder
        found: dict[str, Any] = {"command": None, "dumps": [], "left": [], "denied": False, "saved": 0.0}
        found |= {"final": machine.final(place), "exists": machine.exists(place)}
        above = place.rstrip("/") or "/"
        while above != "/" and len(above) < PATH_LIMIT and not machine.exists(above):
            above = above.rpartition("/")[0] or "/"
        found["free"], found["files"], found["read_only"] = machine.room(above)
        file = f"{place}/kexec_cmd"
        if (status := machine.status(file)) is not None:
            found["command"] = [machine.text(file, 65536) or "", status.st_mtime]
        stamps = [name for name in machine.names(place, 200_000) if re.fullmatch(r"(?:.+-)?2[0-9]{11}", name, re.ASCII)]
        for stamp in sorted(stamps, key=lambda name: name[-12:])[-20:]:
            names = machine.names(f"{place}/{stamp}", 100)
            found["denied"] |= not names and (status := machine.status(f"{place}/{stamp}")) is not None and not self._may_list(status)
            for name in names:
                path = f"{place}/{stamp}/{name}"
                if name.startswith(("dump.", "vmcore.")) and (status := machine.status(path)) is not None:
                    found["dumps"].append([path, stat.S_IMODE(status.st_mode), *self._dump_state(path, status.st_size)])
                    found["saved"] = max(found["saved"], status.st_mtime)
                elif name.startswith(("dump-incomplete", "vmcore-incomplete")):
                    found["left"].append(path)
        return found

    def _may_list(self, status: os.stat_result) -> bool:
        return self.machine.uid == 0 or bool(status.st_mode & stat.S_IROTH)

    def _dump_state(self, path: str, size: int) -> tuple[str, str]:
        """One of whole, empty, cut, other, unseen; and the release of the kernel in it, "" if it does not say.

        A flattened dump has a header of 4096 bytes, then pieces with their offset and size; the last ones are -1. Its first
        piece begins as a dump that is not flattened does: KDUMP, a version, and the six fields of uname(), 65 bytes each.
        """
        if size == 0:
            return "empty", ""
        try:
            file = self.machine.open(path)
        except (OSError, ValueError):
            return "unseen", ""
        try:
            head, tail = os.pread(file, 8192, 0), os.pread(file, 16, max(size - 16, 0))
        except OSError:
            return "unseen", ""
        finally:
            os.close(file)
        flat = head.startswith(b"makedumpfile\0\0\0\0")
        start = head[4096 + 16 :] if flat else head
        release = start[12 + 2 * 65 : 12 + 3 * 65].partition(b"\0")[0].decode("ascii", "replace") if start[:5] == b"KDUMP" else ""
        if path.endswith((".gz", ".bz2", ".xz", ".lz4")):
            return "whole", ""
        if flat:
            return ("whole" if tail == b"\xff" * 16 else "cut"), release
        return ("whole" if start[:5] == b"KDUMP" or head[:4] == b"\x7fELF" else "other"), release

    # ---- GRUB

    @cached_property
    def grub_files(self) -> GrubFiles:
        return GrubFiles(self.machine)

    @cached_property
    def menu(self) -> list[Entry] | None:
        """The entries of the boot menu; None if it is not there or may not be read."""
        text, why = self.machine.text("/boot/grub/grub.cfg", 4 * MIB), self.machine.look("/boot/grub/grub.cfg", 1)[1]
        if why == "denied":
            self.miss("menu")
        return menu_entries(text) if text else None

    @cached_property
    def loader(self) -> str:
        """The boot loader that gave the command line: "" for GRUB."""
        machine = self.machine
        if machine.exists("/boot/grub/grub.cfg") and self.arch != "s390x" and "BOOT_IMAGE=" in self.cmdline:
            return ""
        for file, name in (
            ("/etc/zipl.conf", "zipl"),
            ("/boot/firmware/cmdline.txt", "Raspberry Pi"),
            ("/boot/extlinux/extlinux.conf", "U-Boot"),
            ("/etc/kernel/cmdline", "systemd-boot"),
            ("/boot/efi/loader/entries", "systemd-boot"),
            ("/boot/loader/entries", "systemd-boot"),
        ):
            if machine.exists(file):
                return name
        return "?"

    # ---- units and journals

    @cached_property
    def unit(self) -> dict[str, str]:
        """The properties of kdump-tools.service that systemd knows, and from the files what "enabled" is."""
        text = self.machine.command("systemctl", "show", "--property=ActiveState,UnitFileState,LoadState", "kdump-tools.service")
        found = dict(line.split("=", 1) for line in (text or "").splitlines() if "=" in line)
        if not found.get("UnitFileState"):
            folder = "/etc/systemd/system"
            if self.machine.final(f"{folder}/kdump-tools.service") == "/dev/null":
                found["UnitFileState"] = "masked"
            elif any(self.machine.final(f"{folder}/{name}/kdump-tools.service") != f"{folder}/{name}/kdump-tools.service"
                     for name in ("basic.target.wants", "multi-user.target.wants")):  # fmt: skip
                found["UnitFileState"] = "enabled"
            elif self.machine.names(folder):
                found["UnitFileState"] = "disabled"
        return found

    def journal(self, *words: str) -> str | None:
        """What journalctl prints with these words; nothing where the journal may not be read."""
        text = self.machine.command("journalctl", "--no-pager", "--quiet", *words)
        if not text and self.journal_closed:
            self.miss("journal")
        return text

    @cached_property
    def journal_closed(self) -> bool:
        """Whether there is a journal of the system that this user may not read."""
        folders = [f"{place}/{name}" for place in ("/var/log/journal", "/run/log/journal") for name in self.machine.names(place, 20)]
        return any(self.machine.look(f"{folder}/system.journal", 1)[1] == "denied" for folder in folders)

    @cached_property
    def ssh(self) -> dict[str, str]:
        """What root's ssh takes from its settings for the host of the dumps; they have blocks for other hosts, too.

        Empty if it cannot be asked.
        """
        target = self.settings.get("SSH")
        if self.machine.uid != 0 or target.startswith("-"):
            return {}
        said = self.machine.command("ssh", "-G", "-o", "CanonicalizeHostname=no", target)
        return dict(line.partition(" ")[::2] for line in (said or "").splitlines())

    def said(self, where: str, text: str | None) -> dict[str, Any] | None:
        """The first of ``MESSAGES`` in the last attempt that a journal tells of, for the values of a finding."""
        attempt = (text or "").rpartition("Starting kdump-tools:")[2]
        for line in attempt.splitlines()[:2000]:
            for known in MESSAGES:
                if where in known.where and message_in(known.text, line):
                    return {"said": line.strip()[-160:], "meaning": Words(known.en, known.zh), "page": known.page}
        return None


class Message(NamedTuple):
    """A message that the doctor looks for. ``…`` in its text stands for anything."""

    text: str
    where: tuple[str, ...]  # "boot": the kernel's log; "load", "capture": the journals of the two units
    page: str
    en: str
    zh: str


# BEGIN messages
# Made from data/messages.yml by doctor/messages.py.
# fmt: off
MESSAGES: tuple[Message, ...] = (
    Message("crashkernel size resulted in zero bytes", ("boot",), "crashkernel-forms#does-not-fit",
        "No range of crashkernel= holds this machine's memory. Write a value of your own.",
        "crashkernel= 没有一个区间包含这台机器的内存。请自己写一个值。"),
    Message("crashkernel: invalid size", ("boot",), "failures/not-armed#invalid-size",
        "While walking along the ranges the kernel met a size that is not smaller than all memory, and gave up.",
        "内核逐个读区间时遇到一个不小于全部内存的大小，于是放弃。"),
    Message("cannot allocate crashkernel (size:0x…)", ("boot",), "crashkernel#choose",
        "There is no free piece of memory of that size. Ask for less.",
        "没有这么大的一块连续空闲内存。请改小一些。"),
    Message("cannot allocate crashkernel low memory (size:0x…).", ("boot",), "crashkernel-forms#high-low",
        "The region is above 4 GiB, and the part below it that devices need could not be had. Nothing is reserved.",
        "预留区域在 4 GiB 以上，而设备所需的低端部分分配不到，于是什么都没有预留。"),
    Message("crashkernel reservation failed - No suitable area found.", ("boot",), "crashkernel#choose",
        "The same as \"cannot allocate crashkernel\", in the words of older kernels on x86, as Ubuntu 22.04's 5.15.",
        "与 \"cannot allocate crashkernel\" 相同，是较旧的 x86 内核的说法，例如 Ubuntu 22.04 的 5.15。"),
    Message("crashkernel reservation failed - memory is in use.", ("boot",), "crashkernel-forms#impossible",
        "At the address after @ there is something else, or no memory at all. Leave the address out.",
        "@ 后面的地址上已有别的内容，或者根本没有内存。去掉地址即可。"),
    Message("crashkernel: unrecognized char: …", ("boot",), "crashkernel-forms#cma",
        "After the size comes something that this kernel does not know: often a comma, of `,cma` on a kernel before 6.17.",
        "大小后面跟着这个内核不认识的内容，常见的是逗号，即 6.17 之前的内核遇到 `,cma`。"),
    Message("crashkernel: memory value expected", ("boot",), "crashkernel#grammar",
        "crashkernel= does not begin with a number, as in crashkernel=auto, which only kernels of Red Hat knew.",
        "crashkernel= 不是以数字开头，例如 crashkernel=auto，只有 Red Hat 的内核认识过它。"),
    Message("crashkernel: Memory value expected", ("boot",), "crashkernel#grammar",
        "In a list of ranges a number is missing.",
        "区间列表里缺少一个数。"),
    Message("crashkernel: end <= start", ("boot",), "crashkernel#grammar",
        "A range ends before it begins.",
        "有一个区间的终点不大于起点。"),
    Message("Ignoring crashkernel for a Xen PV domain", ("boot",), "other-machines#clouds",
        "A paravirtualised guest of Xen cannot do kexec. Let the host take the dump.",
        "Xen 的半虚拟化虚拟机不支持 kexec。请由宿主机来取转储。"),
    Message("crashkernel: '-' expected", ("boot",), "crashkernel#grammar",
        "In a list of ranges the hyphen between begin and end is missing.",
        "区间列表里，起点和终点之间缺少连字符。"),
    Message("crashkernel: ':' expected", ("boot",), "crashkernel#grammar",
        "In a list of ranges the colon before a size is missing.",
        "区间列表里，大小前面缺少冒号。"),
    Message("Lockdown: kexec: kexec of unsigned images is restricted; see man kernel_lockdown.7", ("load",), "secure-boot#refused",
        "The kernel is locked down, and the older system call, or an unsigned kernel, is refused.",
        "内核处于锁定状态，拒绝了较早的系统调用，或没有签名的内核。"),
    Message("Memory for crashkernel is not reserved", ("load",), "crashkernel-forms#look",
        "crashkernel= is on the command line, but reserved nothing. The kernel's log says why.",
        "命令行里有 crashkernel=，却没有预留到内存。原因在内核日志里。"),
    Message("kexec_file_load failed: Operation not permitted", ("load",), "secure-boot#refused",
        "Not root, or kernel.kexec_load_disabled=1, or lockdown without a signature that the kernel trusts.",
        "不是 root，或 kernel.kexec_load_disabled=1，或内核已锁定而签名不受信任。"),
    Message("kexec_file_load failed: No data available", ("load",), "secure-boot#unsigned",
        "The kernel file has no signature, and Secure Boot wants one.",
        "内核文件没有签名，而 Secure Boot 要求签名。"),
    Message("kexec_file_load failed: Key was rejected by service", ("load",), "secure-boot#allowed",
        "The kernel is signed by a key that the running kernel does not know. Without lockdown, kexec -c may still load it.",
        "签名所用的密钥不为运行中的内核所知。没有锁定时，kexec -c 也许仍能加载。"),
    Message("kexec_load failed: Permission denied", ("load",), "secure-boot#kexec-load",
        "The older system call is refused by IMA, since Secure Boot is on. Use kexec -s.",
        "启用 Secure Boot 后，IMA 拒绝较早的系统调用。请用 kexec -s。"),
    Message("kexec_load failed: Operation not permitted", ("load",), "secure-boot#kexec-load",
        "The older system call is refused by lockdown. Set KDUMP_KEXEC_ARGS=\"-s\".",
        "锁定状态下拒绝较早的系统调用。请设置 KDUMP_KEXEC_ARGS=\"-s\"。"),
    Message("Cannot determine the file type of …", ("load",), "failures/not-armed#wrong-file",
        "KDUMP_KERNEL names a file that is no kernel.",
        "KDUMP_KERNEL 指向的文件不是内核。"),
    Message("Could not find a free area of memory of 0x… bytes...", ("load",), "crashkernel-size#too-small",
        "Kernel and initramfs do not fit into the reserved memory.",
        "内核和 initramfs 在预留内存里放不下。"),
    Message("Cannot open `…': No such file or directory", ("load",), "failures/not-armed#wrong-file",
        "KDUMP_KERNEL or KDUMP_INITRD names a file that is not there.",
        "KDUMP_KERNEL 或 KDUMP_INITRD 指向的文件不存在。"),
    Message("Could not get memory layout", ("load",), "other-machines#clouds",
        "kexec cannot tell where memory is: a guest of Xen needs a kexec that was built for it.",
        "kexec 无法得知内存布局：Xen 虚拟机需要专门编译的 kexec。"),
    Message("no crashkernel= parameter in the kernel cmdline", ("load",), "failures/not-armed#lost",
        "Nothing was reserved at boot. Not restarted since the installation, or the parameter got lost on its way from GRUB.",
        "启动时没有预留内存：安装之后还没有重启，或者参数没能从 GRUB 传到内核。"),
    Message("kdump is not supported by this kernel", ("load",), "crashkernel#container",
        "/sys/kernel/kexec_crash_loaded does not exist: the kernel was built without kexec, or this is a container.",
        "/sys/kernel/kexec_crash_loaded 不存在：内核编译时没有启用 kexec，或者这里是容器。"),
    Message("USE_KDUMP is not set or zero", ("load",), "failures/not-armed#use-kdump",
        "kdump is switched off in /etc/default/kdump-tools.",
        "/etc/default/kdump-tools 里关闭了 kdump。"),
    Message("KDUMP_KERNEL does not exist: …", ("load",), "failures/not-armed#wrong-file",
        "The link or file of the capture kernel leads nowhere.",
        "捕获内核的链接或文件不存在。"),
    Message("KDUMP_INITRD does not exist: …", ("load",), "capture-kernel#initramfs",
        "The capture initramfs is missing, and nothing could build it. Is initramfs-tools-core installed?",
        "缺少捕获内核的 initramfs，也没有程序能生成它。是否安装了 initramfs-tools-core？"),
    Message("Invalid kernel version : …", ("load",), "kdump-config#symlinks",
        "/boot has no kernel of that version. Where the hypervisor loads the kernel, /boot may be empty.",
        "/boot 里没有这个版本的内核。如果内核由虚拟机管理程序加载，/boot 可能是空的。"),
    Message("Unable to locate kernel hook", ("load",), "capture-kernel#initramfs",
        "/etc/kernel/postinst.d/kdump-tools is missing or cannot be run, so no initramfs is built.",
        "/etc/kernel/postinst.d/kdump-tools 不存在或不可执行，因此没有生成 initramfs。"),
    Message("KDUMP_CMDLINE_APPEND+=…: not found", ("load",), "settings#shell",
        "The settings are read by sh, which has no +=. Write the whole value.",
        "设置文件由 sh 读取，而 sh 没有 +=。请写出完整的值。"),
    Message("update-initramfs: failed for /var/lib/kdump/initrd.img-… with …", ("load",), "capture-kernel#initramfs",
        "mkinitramfs failed for the capture kernel. The lines before say why. With a ZFS root, MODULES=most does not help, since the "
        "package makes dep of it.",
        "为捕获内核生成 initramfs 失败，原因在前面几行。根文件系统在 ZFS 上时，设置 MODULES=most 没有用，软件包会把它改成 dep。"),
    Message("mkinitramfs: failed to determine device for /", ("load",), "capture-kernel#initramfs",
        "MODULES=dep cannot tell which driver the root needs, as on ZFS. MODULES=most does not help, since the package makes dep of it.",
        "MODULES=dep 无法判断根文件系统需要哪个驱动，例如在 ZFS 上。设置 MODULES=most 没有用，软件包会把它改成 dep。"),
    Message("failed to save vmcore in …", ("capture",), "failures/bad-dump#full",
        "Neither makedumpfile nor cp could write. Most often the disk is full.",
        "makedumpfile 和 cp 都没能写入，多半是磁盘满了。"),
    Message("makedumpfile failed, falling back to 'cp'", ("capture",), "failures/bad-dump#full",
        "Writing the dump failed, as on a full disk. Then all of the memory is copied, which takes more room still.",
        "写转储失败，例如磁盘已满。接着会复制全部内存，占用的空间更大。"),
    Message("makedumpfile --dump-dmesg failed. dmesg content will be unavailable", ("capture",), "kdump-config#savecore",
        "makedumpfile could not read the crashed kernel's log. Run by hand, it is expected, since there is no /proc/vmcore.",
        "makedumpfile 读不到崩溃内核的日志。手工执行时属于正常，因为没有 /proc/vmcore。"),
    Message("No space left on device", ("capture",), "failures/bad-dump#full",
        "The disk is full. The dump is incomplete; make room, and limit how many are kept.",
        "磁盘已满，转储不完整。请腾出空间，并限制保留的数量。"),
    Message("Error: Compression '…' not supported. Disabling compression.", ("capture",), "settings#rehearsal",
        "KDUMP_COMPRESSION knows bzip2, gzip, lz4 and xz only. The dump is saved without.",
        "KDUMP_COMPRESSION 只认识 bzip2、gzip、lz4 和 xz。转储会不经压缩地保存。"),
    Message("Unable to reach remote server …; can't continue", ("capture",), "remote/ssh#lost",
        "After 16 attempts the dump was given up. Nothing was saved locally.",
        "尝试 16 次之后放弃了转储，本地也没有保存。"),
    Message("Unable to mount remote NFS directory …. Cannot save core", ("capture",), "remote/nfs#lost",
        "The server does not export the folder to this machine, or does not answer.",
        "服务器没有把目录导出给这台机器，或者没有响应。"),
    Message("Unable to write to the remote NFS directory …. Cannot save core", ("capture",), "remote/nfs#squash",
        "root is nobody on the server, and the folder does not belong to nobody.",
        "服务器把 root 视为 nobody，而目录不归 nobody 所有。"),
    Message("failed to save vmcore via FTP in …", ("capture",), "remote/nfs#ftp",
        "The FTP server did not take the dump.",
        "FTP 服务器没有接收转储。"),
    Message("makedumpfile scp failed. The vmcore file will  not be available", ("capture",), "remote/ssh#lost",
        "Sending the dump over SSH failed, and copying it whole failed, too.",
        "通过 SSH 发送转储失败，整体复制也失败了。"),
    Message("Host key verification failed.", ("capture",), "remote/ssh#host-key",
        "root does not know the server's host key, or it has changed. In the capture boot nobody can answer.",
        "root 不认识服务器的主机密钥，或者它已更换。捕获内核里没有人能回答提问。"),
    Message("Permission denied (publickey", ("capture",), "remote/ssh#key",
        "The server does not take root's key for dumps. Run propagate, or append the .pub file there.",
        "服务器不接受 root 用于转储的密钥。请执行 propagate，或把 .pub 文件追加过去。"),
    Message("WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!", ("capture",), "remote/ssh#host-key",
        "The server has another host key than root knows: reinstalled, or not the same server.",
        "服务器的主机密钥与 root 记录的不同：重装过，或者不是同一台服务器。"),
    Message("makedumpfile Failed.", ("capture",), "dump-levels#failure",
        "The lines before say why. In the capture boot this may still end with \"saved vmcore\", and a file that is no dump.",
        "原因在前面几行。在捕获内核里，之后仍可能出现 \"saved vmcore\"，留下的文件却不是转储。"),
    Message("Commandline parameter is invalid.", ("capture",), "failures/bad-dump#empty",
        "MAKEDUMP_ARGS has an option that makedumpfile does not know, or two that exclude each other. The file has this message in it, "
        "or nothing; it is no dump.",
        "MAKEDUMP_ARGS 里有 makedumpfile 不认识的选项，或有互相排斥的选项。文件里只有这条信息，或者什么也没有；它不是转储。"),
    Message("Can't write the dump file(STDOUT). Broken pipe", ("capture",), "failures/bad-dump#full",
        "What takes the dump has ended, as cat does on a full disk or ssh on a lost connection.",
        "接收转储的程序已经退出，例如磁盘写满后的 cat，或断线后的 ssh。"),
    Message("PAGE SIZE 0x… and VA Bits … not supported", ("capture",), "other-machines#arm64",
        "makedumpfile up to 1.7.9 does not know arm64 with pages of 4 KiB and addresses of 52 bits. The dump is empty.",
        "1.7.9 及更早的 makedumpfile 不认识 4 KiB 页、52 位地址的 arm64。转储是空的。"),
    Message("/dump-incomplete: Directory nonexistent", ("capture",), "failures/bad-dump#full",
        "The folder of this dump could not be made: disk full, read-only, or not root.",
        "没能建立这次转储的目录：磁盘满、只读，或者不是 root。"),
    Message("mkdir: cannot create directory …: Operation not permitted", ("capture",), "storage#luks",
        "The folder has chattr +i, a guard for the case that its volume is not mounted.",
        "目录设置了 chattr +i，这是防止卷没有挂载时写到下面去。"),
    Message("Can't determine platform config values", ("capture",), "other-machines#arm64",
        "The second line of \"VA Bits … not supported\". The dump is empty.",
        "“VA Bits … not supported”的第二行。转储是空的。"),
    Message("makedumpfile: unrecognized option '…'", ("capture",), "failures/bad-dump#empty",
        "MAKEDUMP_ARGS has an option that this makedumpfile does not know. The file has an error message in it, or nothing; it is no "
        "dump.",
        "MAKEDUMP_ARGS 里有这个 makedumpfile 不认识的选项。文件里只有错误信息，或者什么也没有；它不是转储。"),
    Message("kexec_file_load failed: Required key not available", ("load",), "secure-boot#foreign",
        "The kernel is signed by a key that this machine does not trust. Enrol the key, or load the distribution's kernel.",
        "签名所用的密钥不受这台机器信任。请登记这个密钥，或加载发行版的内核。"),
    Message("kexec_file_load failed: Exec format error", ("load",), "secure-boot#messages",
        "The file is no kernel in a format that this kernel can load.",
        "这个文件不是当前内核能加载的格式。"),
    Message("kexec_file_load failed: Cannot assign requested address", ("load",), "crashkernel-size#too-small",
        "Kernel and initramfs do not fit into the reserved memory. Reserve more.",
        "内核和 initramfs 在预留内存里放不下。请多预留一些。"),
    Message("kexec_load failed: Device or resource busy", ("load",), "secure-boot#messages",
        "Another program is loading a kernel at this moment. Try again.",
        "此刻有另一个程序正在加载内核。请再试一次。"),
    Message("cannot create …/kexec_cmd: …", ("load",), "kdump-config#coredir",
        "The folder of KDUMP_COREDIR is missing or cannot be written. Is its file system mounted?",
        "KDUMP_COREDIR 指定的目录不存在或不能写。它的文件系统挂载了吗？"),
)
# fmt: on
# END messages


def message_in(message: str, line: str) -> bool:
    """Whether a line has the message: the pieces between ``…``, in this order."""
    at = 0
    for piece in message.split("…"):
        at = line.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    return True


# ---- the checks, in the order of CHECKS


def check_packages(doctor: Doctor) -> None:
    """What has to be installed, and what builds the capture initramfs."""
    machine, found = doctor.machine, doctor.packages
    kdump = found.get("kdump-tools")
    if not kdump and doctor.unable:
        return
    if not kdump:
        return doctor.find("packages.left", size=human(doctor.size)) if doctor.size else doctor.find("packages.none")
    if not machine.exists("/sbin/kexec") and not machine.exists("/usr/sbin/kexec"):
        doctor.find("packages.kexec")
    if not found.get("makedumpfile"):
        doctor.find("packages.makedumpfile")
    dracut = bool(found.get("dracut")) and debian_key(kdump) >= debian_key("1:1.10.7ubuntu5")
    if not machine.exists("/usr/sbin/mkinitramfs") and not dracut and not doctor.container:
        there = machine.exists(doctor.initrd_file) or machine.exists(f"/var/lib/kdump/initrd.img-{doctor.release}")
        doctor.find("packages.next-builder" if there else "packages.builder")
    doctor.well("packages", kdump=kdump)


def check_kernel(doctor: Doctor) -> None:
    """Whether the running kernel can load a capture kernel, and be dumped by one."""
    machine = doctor.machine
    if doctor.kexec_file("crash_loaded") is None and not doctor.fadump:
        if all(machine.look(f"/sys/kernel/{name}", 1)[1] == "missing" for name in ("kexec_crash_loaded", "kexec/crash_loaded")):
            doctor.find("kernel.kexec")
        else:
            doctor.miss("state")
            doctor.unable = doctor.unable or ("state", {})
        return
    config = machine.text(f"/boot/config-{doctor.release}", MIB)
    if config is None and (packed := machine.look("/proc/config.gz")[0]) is not None:
        try:
            config = zlib.decompressobj(31).decompress(packed, MIB).decode("utf-8", "replace")
        except zlib.error:
            config = None
    if not config:
        doctor.well("kernel", "kernel.unread", release=doctor.release)
        return
    on = set(re.findall(r"^(CONFIG_\w+)=[ym]$", config, re.MULTILINE))
    needed = ["CONFIG_CRASH_DUMP", "CONFIG_PROC_VMCORE"] + (["CONFIG_RELOCATABLE"] if doctor.arch in ("x86_64", "aarch64") else [])
    options = [option for option in needed if option not in on]
    if not on & {"CONFIG_KEXEC", "CONFIG_KEXEC_FILE"}:
        options.insert(0, "CONFIG_KEXEC")
    # Fewer than this are no configuration of a kernel.
    if options and len(on) > 100:
        doctor.find("kernel.option", options=", ".join(options))
    doctor.well("kernel", release=doctor.release)


def check_cmdline(doctor: Doctor) -> None:
    """Whether the boot loader gave the kernel ``crashkernel=``; where not, who lost it."""
    if doctor.fadump:
        return doctor.well("cmdline", "cmdline.fadump")
    values = [word for word in doctor.words if word.startswith("crashkernel=")]
    if not values:
        return _why_no_crashkernel(doctor)
    if doctor.asked.why in ("auto", "syntax"):
        doctor.find(f"cmdline.{doctor.asked.why}", value=f"crashkernel={doctor.asked.value}", said=doctor.asked.said)
    plain = [value for value in values if not value.endswith((",high", ",low", ",cma"))]
    if len(plain) > 1:
        doctor.find("cmdline.several", count=len(plain), value=plain[-1])
    doctor.well("cmdline", value=short(" ".join(values)))


def _why_no_crashkernel(doctor: Doctor) -> None:
    files, menu = doctor.grub_files, doctor.menu
    in_menu = next((entry.crashkernel for entry in menu or [] if entry.crashkernel), "")
    if doctor.loader:
        doctor.find("cmdline.loader", loader=LOADERS.get(doctor.loader, doctor.loader))
    elif {"single", "recovery"} & set(doctor.words) and in_menu:
        doctor.find("cmdline.recovery")
    elif in_menu:
        doctor.find("cmdline.reboot", value=in_menu)
    elif files.lost_by:
        doctor.find("cmdline.lost", file=files.lost_by, value=files.lost)
    elif files.value and menu:
        doctor.find("cmdline.menu", file=files.set_by, value=files.value)
    elif files.read and not files.value:
        doctor.find("cmdline.file")
    else:
        doctor.find("cmdline.missing")


LOADERS = {"?": Words("none that is known", "未能识别")}


def check_reservation(doctor: Doctor) -> None:
    """Whether memory is reserved, and whether it is enough by the estimate of kdump-config."""
    size, asked = doctor.size, doctor.asked
    if size is None:
        return doctor.miss("reservation", False)
    if not size and (doctor.faulty("kernel", "cmdline") or doctor.fadump):
        return doctor.follow("reservation")
    if not size:
        return _why_nothing_reserved(doctor)
    values: dict[str, Any] = {"size": human(size), "memory": human(-(-doctor.memory // (128 * MIB)) * 128 * MIB)}
    need = _estimate(doctor)
    if need and size < need.least * MIB:
        doctor.find("reservation.tiny", **values, least=human(need.least * MIB), suggested=human(need.suggested * MIB))
    elif need and size < need.suggested * MIB:
        doctor.find("reservation.low", **values, suggested=human(need.suggested * MIB))
    if doctor.memory and size < asked.size - MIB and not asked.value.endswith((",high", ",low")):
        doctor.find("reservation.shrunk", **values, asked=human(asked.size))
    if need:
        return doctor.well("reservation", "reservation.suggested", **values, suggested=human(need.suggested * MIB))
    doctor.well("reservation", **values)


def _why_nothing_reserved(doctor: Doctor) -> None:
    asked = doctor.asked
    value = f"crashkernel={asked.value}"
    known = asked.why in ("range", "size", "large", "cma", "zero")
    log = None if known else doctor.journal("--dmesg", "--boot", "--output=cat")
    lines = [line for line in (log or "").splitlines() if "crashkernel" in line and "crashkernel=" not in line]
    if known:
        doctor.find(f"reservation.{asked.why}", value=value, memory=human(doctor.memory))
    elif any("crashkernel reserved: " in line or "for crashkernel (" in line for line in lines):
        doctor.find("reservation.given-back")
    elif said := doctor.said("boot", "\n".join(lines)):
        doctor.find("reservation.said", **said)
    elif "@" in asked.value:
        doctor.find("reservation.address", value=value)
    else:
        doctor.find("reservation.none", value=value)


def _estimate(doctor: Doctor) -> Estimate | None:
    """The estimate of kdump-config, of the files that would be loaded. None where a release keeps none of its numbers."""
    machine, folder = doctor.machine, "/var/lib/kdump"
    if not doctor.settings.get("KDUMP_KERNEL"):
        return None
    kernel, initramfs = machine.status(doctor.kernel_file), machine.status(doctor.initrd_file)
    final = machine.final(doctor.initrd_file) or ""
    release = final.partition("initrd.img-")[2] or doctor.release
    unpacked = machine.number(f"{folder}/size_initrd.img-{release}")
    early = meminfo(machine.text(f"{folder}/mem-{release}"))
    if not kernel or not initramfs or not unpacked or not 0 < unpacked < 100_000 or not early.get("MemTotal"):
        return None
    return estimate(kernel.st_size, initramfs.st_size, unpacked, early, doctor.cpus, doctor.arch)


def check_capture(doctor: Doctor) -> None:
    """Whether a capture kernel is loaded, and whether it is the one that would be loaded now."""
    if not doctor.loaded:
        return _why_not_loaded(doctor)
    machine, settings = doctor.machine, doctor.settings
    final = machine.final(doctor.kernel_file) or ""
    found = re.search(r"/vmlinu[xz]-(.+)$", final)
    if found and found[1] != doctor.release and machine.exists(final):
        doctor.find("capture.version", loaded=found[1], running=doctor.release)
    if not settings.get("KDUMP_KERNEL") and settings.on:
        doctor.find("capture.full-initrd")
    if doctor.fadump:
        return doctor.well("capture")
    if doctor.settings_seen:
        _loaded_as(doctor)
    _sources(doctor)
    doctor.well("capture", "capture.version" if found and found[1] == doctor.release else "capture")


def _why_not_loaded(doctor: Doctor) -> None:
    """The first of the causes, from those that make all others pointless."""
    machine, settings = doctor.machine, doctor.settings
    state = doctor.unit.get("UnitFileState", "")
    kernel, initrd = machine.final(doctor.kernel_file), machine.final(doctor.initrd_file) if doctor.initrd_file else None
    text = None if doctor.faulty() else doctor.journal("--boot", "--unit=kdump-tools.service", "--output=cat", "--lines=300")
    said = doctor.said("load", text)
    if doctor.faulty("packages", "kernel", "cmdline", "reservation") or (
        doctor.settings_seen and (not settings.on or doctor.settings_broken)
    ):
        doctor.follow("capture")
    elif doctor.sysctl("kernel.kexec_load_disabled") == 1:
        doctor.find("capture.disabled")
    elif doctor.sysctl("kernel.kexec_load_limit_panic") == 0:
        doctor.find("capture.limit")
    elif state.startswith(("masked", "disabled")):
        doctor.find("capture.off", state=state)
    elif doctor.unit.get("ActiveState") == "inactive":
        doctor.find("capture.stopped")
    elif not doctor.settings_seen:
        doctor.find("capture.unloaded")
    elif kernel is None or not machine.exists(kernel):
        doctor.find("capture.kernel-file", file=doctor.kernel_file)
    elif doctor.initrd_file and (initrd is None or not machine.exists(initrd)):
        doctor.find("capture.initrd-file", file=doctor.initrd_file)
    elif _is_kernel(doctor, kernel) is False:
        doctor.find("capture.format", file=doctor.kernel_file)
    elif doctor.lockdown not in ("", "none"):
        doctor.find("capture.lockdown", mode=doctor.lockdown)
    elif said:
        doctor.find("capture.said", **said)
    else:
        doctor.find("capture.unloaded")


def _is_kernel(doctor: Doctor, file: str) -> bool | None:
    """Whether a file begins as a kernel does; None if it may not be read, or on an architecture whose kernels look otherwise."""
    data, why = doctor.machine.look(file, 0x210)
    if data is None:
        if why == "denied":
            doctor.miss("kernel-file")
        return None
    if data[:4] == b"\x7fELF" or data[0x202:0x206] == b"HdrS" or data[0x38:0x3C] == b"ARM\x64" or data[:2] in (b"\x1f\x8b", b"MZ"):
        return True
    return None if doctor.arch == "s390x" else False


def _loaded_as(doctor: Doctor) -> None:
    """Compares what kdump-config recorded when it loaded with the settings, and with the files that it took."""
    machine, settings = doctor.machine, doctor.settings
    text, at = doctor.folder.get("command") or ["", 0.0]
    found = re.search(r'--command-line="(.*)" (?:--initrd=(\S+) )?(\S+)\s*$', text)
    booted = re.search(r"^btime ([0-9]{1,12})$", machine.text("/proc/stat") or "", re.MULTILINE | re.ASCII)
    if not found or (booted and at < int(booted[1]) - 60):
        return  # loaded by somebody else, or into another folder
    words, append = found[1].split(), settings.get("KDUMP_CMDLINE_APPEND", settings.append)
    rest = re.sub(r"(^| )(crashkernel|hugepages|hugepagesz|abm)=[^ ]*", "", doctor.cmdline)
    wanted = f"{settings.get('KDUMP_CMDLINE', rest)} {append}".split()
    parts = {"KDUMP_KERNEL": found[3] != doctor.kernel_file, "KDUMP_INITRD": bool(found[2]) and found[2] != doctor.initrd_file}
    asks = any(each.asked or each.unknown for each in settings.lines if each.name.startswith("KDUMP_CMDLINE"))
    set_words = set(settings.get("KDUMP_KEXEC_ARGS").split())
    used = set(re.split(r'--command-line="', text)[0].split()[1:])
    # kdump-config itself adds the action and, where Secure Boot asks for it, the system call.
    parts["KDUMP_KEXEC_ARGS"] = not (set_words <= used and used - set_words <= {"-p", "-s", "-a", "-c", "--args-linux"})
    parts["KDUMP_CMDLINE_APPEND"] = words != wanted and '"' not in doctor.cmdline and not asks
    changed = [name for name, differs in parts.items() if differs]
    if changed:
        doctor.find("capture.stale-settings", difference=", ".join(changed))
    for kind, file, stamp in (("initrd", found[2], "st_mtime"), ("kernel", found[3], "st_ctime")):
        status = machine.status(file) if file else None
        if status and getattr(status, stamp) > at + 1 and not changed:
            doctor.find(f"capture.stale-{kind}", file=machine.final(file))
    lost = [word for word in settings.append.split() if word not in words]
    if lost and not changed:
        doctor.find("capture.words", words=" ".join(lost))
    if not any(re.fullmatch(r"panic=-?[1-9][0-9]*", word, re.ASCII) for word in words):
        doctor.find("panic.stays")


def _sources(doctor: Doctor) -> None:
    """Compares /etc/initramfs-tools with the copy from which the capture initramfs was built."""
    machine, folder, copies = doctor.machine, "/etc/initramfs-tools", "/var/lib/kdump/initramfs-tools"
    if not machine.exists(copies) or doctor.settings.get("KDUMP_INITRD") not in ("", "/var/lib/kdump/initrd.img"):
        return
    for below in ("", "/conf.d", "/hooks", "/scripts"):
        for name in machine.names(folder + below, 100):
            data, why = machine.look(f"{folder}{below}/{name}", 65536)
            if why:
                continue
            copy, why = machine.look(f"{copies}{below}/{name}", 65536)
            # The build adds lines to its copies of "modules" and "initramfs.conf".
            if why == "missing" or (copy is not None and data is not None and not copy.startswith(data)):
                return doctor.find("capture.outdated", file=f"{folder}{below}/{name}")
    release = doctor.release
    data, copy = machine.look("/etc/kdump/sysctl.conf")[0], machine.look(f"/var/lib/kdump/latest_sysctls-{release}")[0]
    if data is not None and copy is not None and data != copy:
        doctor.find("capture.outdated", file="/etc/kdump/sysctl.conf")


def check_service(doctor: Doctor) -> None:
    """Whether the next boot loads again, and what the last capture said."""
    state = doctor.unit.get("UnitFileState", "")
    _last_capture(doctor)
    if state.startswith(("masked", "disabled")) and doctor.loaded:
        doctor.find("service.off", state=state)
    elif not state:
        doctor.well("service", state=SAYINGS["unknown-value"])
    elif state.startswith(("masked", "disabled")):
        doctor.follow("service")
    else:
        doctor.well("service", state=state)


class Record(NamedTuple):
    """An entry of the journal."""

    message: str
    boot: str
    at: int  # seconds since 1970


def _records(text: str | None) -> list[Record]:
    """The entries that ``journalctl --output=json`` printed."""
    found = []
    for line in (text or "").splitlines():
        try:
            entry = json.loads(line)
            message, boot, when = entry["MESSAGE"], str(entry["_BOOT_ID"]), str(entry.get("__REALTIME_TIMESTAMP", ""))
        except (ValueError, KeyError, TypeError):
            continue
        if isinstance(message, list):  # bytes that are no UTF-8
            message = bytes(byte & 255 for byte in message if isinstance(byte, int)).decode("utf-8", "replace")
        found.append(Record(str(message), boot, int(when) // 10**6 if re.fullmatch("[0-9]{7,18}", when, re.ASCII) else 0))
    return found


# The clock of the capture boot may go a little behind that of the boot before.
CLOCK_S = 60

# What the journal has at the end of a boot that was shut down; its very last lines may not reach the disk.
SHUTDOWN = re.compile(
    r"Journal stopped|Received SIGTERM from PID 1|The system will .* now|System is (rebooting|powering down|halting)"
    r"|Reached target .*([Ss]hutdown|[Rr]eboot|[Pp]ower|[Uu]nmount|[Hh]alt)|Shutting down\."
)


def _last_capture(doctor: Doctor) -> None:
    """What the unit of the capture boot said in the last boot in which it ran, and whether there was a crash since without one."""
    records = _records(doctor.journal("--unit=kdump-tools-dump.service", "--output=json", "--lines=200"))
    last = [record for record in records if record.boot == records[-1].boot]
    said = doctor.said("capture", "\n".join(record.message for record in last))
    if said:
        saved = any("saved vmcore" in record.message for record in last)
        doctor.find("service.said" if saved else "service.last", when=_day(last[-1].at), **said)
    if doctor.journal_closed:
        return  # This user sees entries of their own alone, and a shutdown is none of them.
    before = _records(doctor.journal("--boot=-1", "--output=json", "--lines=60"))
    stopped = any(SHUTDOWN.search(record.message) for record in before)
    if not before or stopped or before[-1].boot in [record.boot for record in records]:
        return
    # Where the journal of the capture boot did not reach the disk, the boot before this one is the one that crashed.
    saved = doctor.folder.get("saved", 0.0) > before[-1].at - CLOCK_S
    if not saved and not doctor.settings.targets:
        doctor.find("service.vanished", when=_day(before[-1].at))


def _day(at: int) -> str:
    try:
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))
    except (ValueError, OverflowError, OSError):
        return "?"


def check_settings(doctor: Doctor) -> None:
    """/etc/default/kdump-tools, read as sh reads it."""
    file = "/etc/default/kdump-tools"
    _, why = doctor.machine.look(file, 1)
    if why == "missing" and not doctor.packages.get("kdump-tools"):
        return
    if why == "missing":
        return doctor.find("settings.missing")
    if why:
        return doctor.miss("settings")
    settings, lines = doctor.settings, doctor.settings.lines
    if any("\r" in each.value + each.text for each in lines):
        return doctor.find("settings.crlf")
    for each in lines:
        _line(doctor, each)
    if doctor.settings_error and not settings.broken:
        doctor.find("settings.sh", line=int(doctor.settings_error[1]), said=doctor.settings_error[2])
    if any(each.fault == "flow" and not re.match(r"(export|readonly|set|unset)\b", each.text) for each in lines):
        return doctor.well("settings", count=len(settings.values))
    if not settings.on and not doctor.settings_broken:
        value = settings.get("USE_KDUMP") or '""'
        doctor.find("settings.off-loaded" if doctor.loaded else "settings.off", value=value)
    _values(doctor)
    doctor.well("settings", count=len(settings.values))


def _line(doctor: Doctor, each: Assignment) -> None:
    if each.fault == "quote":
        doctor.find("settings.quote", line=each.line)
    elif each.fault == "syntax":
        doctor.find("settings.syntax", line=each.line)
    elif each.fault == "command":
        doctor.find("settings.command", line=each.line, text=each.text[:80])
    elif each.plus:
        doctor.find("settings.plus", line=each.line, name=each.name)
    elif each.name and each.name in each.asked:
        doctor.find("settings.dollar", line=each.line, name=each.name)
    elif each.name and each.name not in KEYS and not each.name.startswith("_"):
        near = [key for key in KEYS if _distance(each.name, key) <= 2]
        guess = Words(*(text.format(name=near[0]) for text in SAYINGS["guess"])) if near else ""
        doctor.find("settings.unknown", line=each.line, name=each.name, guess=guess)


def _distance(one: str, other: str) -> int:
    """How many letters have to be added, removed or changed, at most 9."""
    if abs(len(one) - len(other)) > 2:
        return 9
    row = list(range(len(other) + 1))
    for place, letter in enumerate(one, 1):
        before, row[0] = row[0], place
        for column, char in enumerate(other, 1):
            before, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, before + (letter != char))
    return min(row[-1], 9)


def _values(doctor: Doctor) -> None:
    settings, machine = doctor.settings, doctor.machine
    if (option := refused(settings.arguments)) is not None:
        doctor.find("settings.arguments", option=option)
    if not settings.folder.startswith("/"):
        doctor.find("settings.folder", value=settings.folder)
    if len(settings.targets) > 1:
        doctor.find("settings.targets", targets=", ".join(settings.targets))
    if settings.get("NFS") and not re.match(r"[^/:]+:/|\[[0-9a-fA-F:]+\]:/", settings.get("NFS")):
        doctor.find("settings.nfs", value=settings.get("NFS"))
    command = settings.get("KDUMP_FAIL_CMD")
    mark = next((mark for mark in (";", "&&", "||", "|", ">", "'", '"') if mark in command), "")
    if mark:
        doctor.find("settings.fail-cmd", mark=mark)
    elif command.startswith("/"):
        status = machine.status(command.split()[0])
        if not status or not status.st_mode & 0o111:
            doctor.find("settings.fail-file", file=command.split()[0])
    compression = settings.get("KDUMP_COMPRESSION")
    if compression and (compression not in ("bzip2", "gzip", "lz4", "xz") or not machine.program(compression)):
        doctor.find("settings.compression", value=compression)
    for name in ("KDUMP_NUM_DUMPS", "KDUMP_DUMP_DMESG", "SSH_KDUMP_RETRY", "NFS_MOUNT_RETRY"):
        if settings.get(name) and not settings.get(name).isdecimal():
            doctor.find("settings.number", name=name, value=settings.get(name))


NOTHING = Words("nothing", "什么都没有")


def check_boot(doctor: Doctor) -> None:
    """What the boot menu, and the files that it is made from, have for the next boot."""
    files = doctor.grub_files
    if doctor.faulty("cmdline") or not doctor.packages.get("kdump-tools"):
        return doctor.follow("boot")
    for file, line in files.plus:
        doctor.find("boot.plus", file=file, line=line)
    if doctor.loader:
        return doctor.well("boot", "boot.loader", loader=LOADERS.get(doctor.loader, doctor.loader))
    usual = [entry for entry in doctor.menu or [] if not entry.recovery]
    if doctor.menu is None or not usual:  # the menu may be made while the machine boots
        if files.lost_by:
            doctor.find("boot.lost", file=files.lost_by)
        return doctor.well("boot", "boot.files", value=files.value or "-")
    menu = next((entry.crashkernel for entry in usual), "")
    if not any(entry.crashkernel for entry in usual):
        if files.lost_by:
            doctor.find("boot.lost", file=files.lost_by)
        elif files.value:
            doctor.find("boot.stale", files=files.value, menu=NOTHING)
        else:
            doctor.find("boot.none")
    elif files.lost_by:
        doctor.find("boot.loses", file=files.lost_by)
    elif files.read and files.value and files.value not in [entry.crashkernel for entry in usual]:
        doctor.find("boot.stale", files=files.value, menu=menu or NOTHING)
    elif menu and last_crashkernel(doctor.words) and menu != last_crashkernel(doctor.words):
        doctor.find("boot.other", menu=menu, now=last_crashkernel(doctor.words))
    with_it = sum(bool(entry.crashkernel) for entry in doctor.menu)
    doctor.well("boot", with_it=with_it, entries=len(doctor.menu), value=short(menu or "crashkernel="))


def check_space(doctor: Doctor) -> None:
    """Whether the folder of dumps has room for one."""
    settings, folder = doctor.settings, doctor.settings.folder
    if not folder.startswith("/"):
        return doctor.follow("space")
    if settings.targets and settings.targets != ["NFS"]:
        return doctor.well("space", "space.remote", target=", ".join(settings.targets))
    if not doctor.folder:
        return doctor.find("space.hangs", folder=folder, seconds=round(FOLDER_S))
    if settings.targets:
        return doctor.well("space", "space.remote", target=settings.get("NFS"))
    mount = _mount_of(doctor, folder)
    if mount and mount.type in ("tmpfs", "ramfs", "devtmpfs"):
        doctor.find("space.volatile", folder=folder, type=mount.type)
    if doctor.folder["read_only"]:
        doctor.find("space.read-only", folder=folder)
    if doctor.folder["files"] == 0:
        doctor.find("space.files", folder=folder)
    least, most = _dump_size(doctor)
    values = {"free": human(doctor.folder["free"]), "folder": folder, "least": human(least), "most": human(most)}
    if most and doctor.folder["free"] < least:
        doctor.find("space.none", **values)
    elif most and doctor.folder["free"] < most:
        doctor.find("space.little", **values)
    doctor.well("space", **values)


def _dump_size(doctor: Doctor) -> tuple[int, int]:
    """The least and the most bytes that a dump can have, roughly; (0, 0) if unknown.

    The pages that the level keeps, in a calm machine; compressed, they became half as large in the guide's own dumps,
    and a sixth is taken for what cannot be undercut.
    """
    arguments = doctor.settings.arguments
    level = dump_level(arguments)
    pages = _memory_usage(doctor)
    if pages is None:
        kib = meminfo(doctor.machine.text("/proc/meminfo"))
        if not kib.get("MemTotal"):
            return 0, 0
        cache, user, free = kib.get("Cached", 0) + kib.get("Buffers", 0), kib.get("AnonPages", 0), kib.get("MemFree", 0)
        pages = {"NON_PRI_CACHE": cache * KIB, "USER": user * KIB, "FREE": free * KIB}
        pages["KERN_DATA"] = max(kib["MemTotal"] - cache - user - free, 0) * KIB
    left_out = {"ZERO": 1, "NON_PRI_CACHE": 2 | 4, "PRI_CACHE": 4, "USER": 8, "FREE": 16}
    most = sum(size for name, size in pages.items() if not level & left_out.get(name, 0))
    packed = re.search(r"(^|\s)-[A-Za-z]*[clpz]", arguments) or doctor.settings.get("KDUMP_COMPRESSION")
    return (most // 6 if packed else most * 3 // 4), most


def _memory_usage(doctor: Doctor) -> dict[str, int] | None:
    if doctor.machine.uid != 0 or not doctor.packages.get("makedumpfile"):
        doctor.miss("usage")
        return None
    # It refuses where nothing is reserved. Where it is late, the size of a dump is estimated.
    text = doctor.machine.command("makedumpfile", "--mem-usage", "/proc/kcore", needed=False) if doctor.size else None
    found = re.findall(r"^([A-Z_]+)\s+([0-9]{1,15})\s+(?:yes|no)\b", text or "", re.MULTILINE | re.ASCII)
    unit = re.search(r"^page size:\s*([0-9]{1,7})", text or "", re.MULTILINE | re.ASCII)
    return {name: int(number) * int(unit[1]) for name, number in found} if unit and found else None


def check_makedumpfile(doctor: Doctor) -> None:
    """Whether makedumpfile knows the kernel's pages."""
    package = doctor.packages.get("makedumpfile", "")
    found = re.match(r"(?:[0-9]+:)?([0-9]+)\.([0-9]+)\.([0-9]+)", package, re.ASCII)
    kernel = version(doctor.release)
    if not found:
        return doctor.follow("makedumpfile") if doctor.faulty("packages") else None
    number = (int(found[1]), int(found[2]), int(found[3]))
    values = {"version": ".".join(found.groups()), "kernel": f"{kernel[0]}.{kernel[1]}"}
    filters_user, filters_free = dump_level(doctor.settings.arguments) & 8, dump_level(doctor.settings.arguments) & 16
    patched = "ubuntu" in package and debian_key(package) >= debian_key("1:1.7.5-1ubuntu1")
    if kernel >= (6, 10) and number < (1, 7, 6) and filters_user and not patched:
        doctor.find("makedumpfile.slab", version=package)
    if kernel >= (7, 1) and number <= (1, 7, 9) and filters_user:
        doctor.find("makedumpfile.tail", **values)
    elif kernel >= (6, 12) and number < (1, 7, 7) and filters_free:
        doctor.find("makedumpfile.free", **values)
    elif kernel > KNOWN_KERNELS.get(number, (99, 0)):
        doctor.find("makedumpfile.old", **values)
    doctor.well("makedumpfile", **values)


# The newest kernel that a version knows: LATEST_VERSION in makedumpfile.h.
KNOWN_KERNELS = {
    (1, 7, 0): (5, 15), (1, 7, 1): (5, 17), (1, 7, 2): (6, 0), (1, 7, 3): (6, 3), (1, 7, 4): (6, 6),
    (1, 7, 5): (6, 8), (1, 7, 6): (6, 11), (1, 7, 7): (6, 14), (1, 7, 8): (6, 17), (1, 7, 9): (7, 0),
}  # fmt: skip


def check_panic(doctor: Doctor) -> None:
    """What makes the kernel panic, and which of those settings reach the capture boot."""
    oops, seconds = doctor.sysctl("kernel.panic_on_oops"), doctor.sysctl("kernel.panic")
    if oops == 0 and doctor.loaded:
        doctor.find("panic.oops")
    if doctor.machine.line("/sys/module/kernel/parameters/crash_kexec_post_notifiers") in ("Y", "1"):
        doctor.find("panic.notifiers")
    own = doctor.machine.text("/etc/kdump/sysctl.conf") or ""
    keys = []
    for file, key, value in _sysctl_files(doctor.machine):
        if key in ("vm.nr_hugepages", "vm.nr_hugepages_mempolicy", "vm.min_free_kbytes") and (key != "vm.min_free_kbytes" or value > 65536):
            # A value of the package's own file is applied first, and so is overridden (kdump-sysctl of 1:1.8.1 to 1:1.10.9).
            doctor.find("panic.pages", file=file, key=key, value=value)
        elif key in ("kernel.hung_task_panic", "kernel.panic_on_warn", "kernel.softlockup_panic", "vm.panic_on_oom") and value:
            keys.append(key)
    if keys and "panic" not in own:
        doctor.find("panic.capture", keys=", ".join(dict.fromkeys(keys)))
    doctor.well("panic", oops="?" if oops is None else oops, panic="?" if seconds is None else seconds)


def _sysctl_files(machine: Machine) -> Iterator[tuple[str, str, int]]:
    """File, key and value of each setting above 0 that is read at every boot."""
    folders = ("/usr/lib/sysctl.d", "/run/sysctl.d", "/etc/sysctl.d")
    # A file hides those of its name in the folders before.
    files = {name: f"{folder}/{name}" for folder in folders for name in machine.names(folder, 300) if name.endswith(".conf")}
    last: dict[str, tuple[str, str, int]] = {}
    for name in sorted(files, key=os.fsencode):
        for line in (machine.text(files[name], 65536) or "").splitlines():
            found = re.fullmatch(r"\s*-?\s*([\w./]+)\s*=\s*([0-9]{1,15})\s*", line, re.ASCII)
            if found:
                key = found[1].replace("/", ".")
                last[key] = (files[name], key, int(found[2]))
    yield from (each for each in last.values() if each[2])


def check_locks(doctor: Doctor) -> None:
    """Secure Boot, lockdown, and the switches that forbid loading."""
    machine, arguments = doctor.machine, doctor.settings.get("KDUMP_KEXEC_ARGS").split()
    locked = doctor.lockdown not in ("", "none")
    if doctor.loaded and doctor.sysctl("kernel.kexec_load_disabled") == 1:
        doctor.find("locks.disabled")
    if locked and {"-c", "--kexec-syscall"} & set(arguments):
        doctor.find("locks.old-call")
    final = machine.final(doctor.kernel_file)
    if locked and final and doctor.arch in ("x86_64", "aarch64"):
        data, why = machine.look(final, 4096)
        if why == "denied":
            doctor.miss("kernel-file")
        if data and not _signed(data):
            doctor.find("locks.unsigned", file=final)
    secure = SAYINGS["unknown-value" if doctor.secure_boot is None else "on" if doctor.secure_boot else "off"]
    doctor.well("locks", secure=secure, lockdown=doctor.lockdown or SAYINGS["unknown-value"])


def _signed(data: bytes) -> bool:
    """Whether a PE file has a table of signatures; True for what is no PE file."""
    if data[:2] != b"MZ" or len(data) < 0x40:
        return True
    header = struct.unpack_from("<I", data, 0x3C)[0]
    if data[header : header + 4] != b"PE\0\0" or len(data) < header + 24 + 152:
        return True
    wide = struct.unpack_from("<H", data, header + 24)[0] == 0x20B
    place, size = struct.unpack_from("<II", data, header + 24 + (112 if wide else 96) + 4 * 8)
    return bool(place and size)


class Mount(NamedTuple):
    """A line of mountinfo."""

    point: str
    device: str  # MAJOR:MINOR
    type: str
    source: str


def _unescaped(text: str) -> str:
    """A path from how the kernel and fstab write it: a blank is a backslash and 040."""
    return re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), text)


def _mounts(machine: Machine) -> list[Mount]:
    found = []
    for line in (machine.text("/proc/self/mountinfo", MIB) or "").splitlines():
        front, dash, back = line.partition(" - ")
        words, rest = front.split(), back.split()
        if dash and len(words) >= 6 and len(rest) >= 2:
            found.append(Mount(_unescaped(words[4]), words[2], rest[0], rest[1]))
    return found


def _mount_of(doctor: Doctor, folder: str) -> Mount | None:
    """The mount that a folder lies on: the longest mount point before it, the last of those that are equal."""
    # A link is followed in the process aside, since what it leads to may not answer.
    final = (doctor.folder.get("final") or folder) if folder == doctor.settings.folder else folder
    best: Mount | None = None
    for mount in _mounts(doctor.machine):
        point = mount.point.rstrip("/")
        if (final + "/").startswith(point + "/") and (best is None or len(mount.point) >= len(best.point)):
            best = mount
    return best


class Disk(NamedTuple):
    """What lies below a file system."""

    crypt: tuple[str, ...]  # the names of encrypted volumes, the uppermost first
    parts: tuple[str, ...]  # the devices below those, as /dev/NAME
    usb: bool


def _disk(machine: Machine, mount: Mount | None) -> Disk:
    """Follows device mapper, RAID and partitions down to the disks, through /sys/dev/block."""
    crypt: list[str] = []
    parts: list[str] = []
    usb = False
    start = machine.final(f"/sys/dev/block/{mount.device}") if mount and re.fullmatch(r"[0-9]+:[0-9]+", mount.device, re.ASCII) else None
    if mount and (not start or not machine.exists(start)) and mount.source.startswith("/dev/"):
        name = (machine.final(mount.source) or mount.source).rpartition("/")[2]  # of btrfs, whose device numbers are its own
        start = machine.final(f"/sys/class/block/{name}")
    todo = [start] if start else []
    done: list[str] = []
    while todo and len(done) < 40:
        place = todo.pop(0)
        if place in done:
            continue
        done.append(place)
        usb |= bool(re.search(r"/usb[0-9]", place))
        below = [machine.final(f"{place}/slaves/{name}") for name in machine.names(f"{place}/slaves", 50)]
        if machine.line(f"{place}/dm/uuid").startswith("CRYPT-"):
            crypt.append(machine.line(f"{place}/dm/name"))
            parts += [f"/dev/{each.rpartition('/')[2]}" for each in below if each]
        todo += [each for each in below if each]
    return Disk(tuple(crypt), tuple(parts), usb)


def check_encryption(doctor: Doctor) -> None:
    """Whether the capture boot gets to its root and to the folder of dumps without a person."""
    machine, folder = doctor.machine, doctor.settings.folder
    words = (doctor.folder.get("command") or [doctor.settings.get("KDUMP_CMDLINE_APPEND", doctor.settings.append)])[0]
    root = _mount_of(doctor, "/")
    disk = _disk(machine, root)
    tab = _crypttab(machine)
    if disk.crypt:
        name = disk.crypt[0]
        typed = _typed(tab, name, True) and not any(doctor.machine.aside(partial(_clevis, doctor.machine, part)) for part in disk.parts)
        doctor.find("encryption.root" if typed else "encryption.root-key", name=name)
        _argon(doctor, disk)
    if disk.usb and "usbcore.nousb" in words:
        doctor.find("encryption.usb", folder="/")
    mount = None if doctor.settings.targets else _mount_of(doctor, folder)
    if mount and root and mount.point != root.point and folder.startswith("/"):
        below = _disk(machine, mount)
        rows = [row for row in map(str.split, _table(machine, "/etc/fstab")) if len(row) > 1]
        mounted = [row[1] for row in rows if "noauto" not in " ".join(row) or "x-systemd.automount" in " ".join(row)]
        at_boot = mount.point in [_unescaped(point).rstrip("/") for point in mounted] or _has_unit(machine, mount.point)
        opened = all(name in tab for name in below.crypt)
        if below.crypt and not (at_boot and opened):
            doctor.find("encryption.covered", folder=folder, name=below.crypt[0])
        elif below.crypt and _typed(tab, below.crypt[0], False):
            doctor.find("encryption.folder", folder=folder, name=below.crypt[0])
        elif below.crypt:
            _argon(doctor, below)
        elif not at_boot and mount.type not in ("tmpfs", "ramfs", "zfs", "btrfs", "autofs"):
            doctor.find("encryption.fstab", folder=folder)
        if below.usb and "usbcore.nousb" in words:
            doctor.find("encryption.usb", folder=folder)
    doctor.well("encryption", folder=folder)


def _has_unit(machine: Machine, point: str) -> bool:
    """Whether a unit of systemd mounts something there: its name is the folder's, escaped as systemd.unit(5) says."""
    escaped = re.sub(rb"[^A-Za-z0-9:_./]|^\.", lambda found: b"\\x%02x" % found[0][0], os.fsencode(point.strip("/")))
    name = os.fsdecode(escaped.replace(b"/", b"-"))
    folders = ("/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system")
    return any(machine.exists(f"{folder}/{name}.{kind}") for folder in folders for kind in ("mount", "automount"))


def _table(machine: Machine, file: str) -> list[str]:
    return [line for line in (machine.text(file, 65536) or "").splitlines() if line.strip() and not line.lstrip().startswith("#")]


def _crypttab(machine: Machine) -> dict[str, tuple[str, str]]:
    """Volume -> its key file, and its options."""
    lines = [[*line.split(), "none", ""] for line in _table(machine, "/etc/crypttab")]
    return {words[0]: (words[2], words[3] if len(words) > 4 else "") for words in lines if len(words) >= 4}


def _typed(tab: dict[str, tuple[str, str]], name: str, unlisted: bool) -> bool:
    """Whether somebody has to type the passphrase of a volume; ``unlisted`` is the answer for one that crypttab does not have."""
    if name not in tab:
        return unlisted
    key, options = tab[name]
    return key in ("none", "-") and not re.search(r"tpm2-device=|fido2-device=|pkcs11-uri=|keyscript=", options)


def _argon(doctor: Doctor, disk: Disk) -> None:
    """Compares what LUKS2 needs to unlock a volume, by the key slot that needs least, with what is reserved."""
    if doctor.machine.uid != 0:
        return doctor.miss("volume")
    size = doctor.size or 0
    for part in disk.parts:
        kib = doctor.machine.aside(partial(_least_argon, doctor.machine, part))
        if isinstance(kib, int) and size and kib * KIB > size:
            doctor.find("encryption.argon", name=disk.crypt[0], memory=human(kib * KIB), reserved=human(size))


def _luks(machine: Machine, device: str) -> dict[str, Any]:
    """What the header of a LUKS2 volume says in JSON; {} if this is none."""
    file = machine.open(device, lambda mode: stat.S_ISBLK(mode) or stat.S_ISREG(mode))
    try:
        head = os.pread(file, 65536, 0)
    finally:
        os.close(file)
    if head[:8] != b"LUKS\xba\xbe\0\2":
        return {}
    found = json.loads(head[4096:].partition(b"\0")[0])
    return found if isinstance(found, dict) else {}


def _clevis(machine: Machine, device: str) -> bool:
    """Whether clevis may open the volume: it has put a token of its own into the header."""
    return any(token.get("type") == "clevis" for token in _luks(machine, device).get("tokens", {}).values())


def _least_argon(machine: Machine, device: str) -> int | None:
    """KiB of memory; None if this is no LUKS2 volume, or a key slot needs none."""
    slots = _luks(machine, device).get("keyslots", {}).values()
    costs = [int(slot["kdf"].get("memory", 0)) for slot in slots if slot.get("type") == "luks2"]
    return min(costs) if costs and min(costs) > 0 else None


PAGES = {"SSH": "remote/ssh#lost", "NFS": "remote/nfs#lost", "FTP": "remote/nfs#ftp"}


def check_remote(doctor: Doctor) -> None:
    """The server for dumps: what is needed for it, and with --remote whether it answers."""
    settings, machine = doctor.settings, doctor.machine
    if not settings.targets:
        return doctor.well("remote")
    shown = ", ".join(f"{name}={settings.get(name)}" for name in settings.targets)
    for name, program in (("SSH", "ssh"), ("NFS", "mount.nfs"), ("FTP", "busybox")):
        if name in settings.targets and not machine.program(program):
            doctor.find("remote.program", target=name, program=program, page=PAGES[name])
    if "SSH" in settings.targets:
        _ssh(doctor)
    if not doctor.remote:
        return doctor.well("remote", "remote.set", target=shown)
    for name in settings.targets:
        value = settings.get(name)
        host = value.rpartition("@")[2] if name == "SSH" else value.rpartition(":/")[0] if name == "NFS" else value.partition(":")[0]
        taken = doctor.ssh if name == "SSH" else {}
        if taken.keys() & {"proxyjump", "proxycommand"}:  # the host itself need not be reached from here
            _login(doctor, value)
            continue
        host = taken.get("hostname", host)
        port = {
            "SSH": int(taken.get("port", 22)),
            "NFS": 2049,
            "FTP": int(settings.get("FTP_PORT", "21")[:5]) if settings.get("FTP_PORT", "21").isdecimal() else 21,
        }[name]
        said = machine.connect(host.strip("[]"), port)
        if said:
            doctor.find("remote.reach", host=host, port=port, said=said, page=PAGES[name])
        elif name == "SSH":
            _login(doctor, value)
    doctor.well("remote", "remote.tried", target=shown)


def _ssh(doctor: Doctor) -> None:
    machine, target = doctor.machine, doctor.settings.get("SSH")
    key = doctor.settings.get("SSH_KEY", "/root/.ssh/kdump_id_rsa")
    if machine.uid != 0:
        return doctor.miss("keys")
    if not machine.exists(key):
        doctor.find("remote.key", file=key, target=target)
    taken = doctor.ssh
    host, port = taken.get("hostname", target.rpartition("@")[2]), taken.get("port", "22")
    name = taken.get("hostkeyalias") or (host if port == "22" else f"[{host}]:{port}")
    files = " ".join(taken.get(f"{whose}knownhostsfile", file) for whose, file in KNOWN_HOSTS.items())
    lines = [line for file in files.split() for line in _table(machine, file)]
    if not name or any(_names_host(_names_of(line), name.lower()) for line in lines):
        return
    if not taken:
        doctor.miss("ssh", False)
    elif taken.get("stricthostkeychecking") not in ("no", "off", "false", "accept-new"):
        doctor.find("remote.host", host=name)


KNOWN_HOSTS = {"user": "/root/.ssh/known_hosts", "global": "/etc/ssh/ssh_known_hosts"}


def _names_of(line: str) -> str:
    """The names in a line of known_hosts, or the hash of one; those of a certificate authority follow its mark."""
    words = [*line.split(), ""]
    names = words[1] if words[0] == "@cert-authority" else words[0]
    return names if names.startswith("|") else names.lower()


def _names_host(names: str, host: str) -> bool:
    """Whether the first word of a line of known_hosts means this host; it may be a hash of the name."""
    if names.startswith("|1|"):
        try:
            salt, code = (base64.b64decode(part, validate=True) for part in names[3:].split("|"))
        except ValueError:
            return False
        return hmac.compare_digest(hmac.new(salt, host.encode(), hashlib.sha1).digest(), code)
    # Of the signs of fnmatch these patterns have * and ? alone: [ is part of the name of a host with a port.
    patterns = [name.replace("[", "[[]") for name in names.split(",")[:50] if len(name) < 300]
    if any(name[:1] == "!" and fnmatch.fnmatchcase(host, name[1:]) for name in patterns):
        return False
    return any(fnmatch.fnmatchcase(host, name) for name in patterns)


def _login(doctor: Doctor, target: str) -> None:
    """Logs in as the capture boot does, and runs ``true``. Only root has the key."""
    if doctor.machine.uid != 0 or target.startswith("-"):
        return
    doctor.machine.ends = time.monotonic() + LOGIN_S
    key = doctor.settings.get("SSH_KEY", "/root/.ssh/kdump_id_rsa")
    options = ("-n", "-o", "BatchMode=yes", "-o", "ConnectTimeout=5", "-o", "UpdateHostKeys=no", "-o", "StrictHostKeyChecking=yes")
    # A host that does not answer is a finding.
    text = doctor.machine.command("ssh", *options, "-i", key, target, "true && echo kdump-doctor", most=LOGIN_S, both=True, needed=False)
    if doctor.machine.real and "kdump-doctor" not in (text or ""):
        doctor.find("remote.login", target=target, said=(text or "?").strip()[-200:])


def check_watchdog(doctor: Doctor) -> None:
    """Watchdogs that go on counting during the dump."""
    machine, folder = doctor.machine, "/sys/class/watchdog"
    for name in machine.names(folder, 50):
        if machine.line(f"{folder}/{name}/state") == "active":
            identity = machine.line(f"{folder}/{name}/identity") or name
            doctor.find("watchdog.active", name=identity, seconds=machine.line(f"{folder}/{name}/timeout") or "?")
    doctor.well("watchdog")


def check_dumps(doctor: Doctor) -> None:
    """The dumps that are there: size, first and last bytes, mode, and whether the tools here can read them."""
    folder, place = doctor.folder, doctor.settings.folder
    if not folder:
        return doctor.follow("dumps")
    for path, _, state, _ in folder["dumps"]:
        if state in ("empty", "cut", "other"):
            doctor.find(f"dumps.{state}", file=path)
    for path in folder["left"]:
        doctor.find("dumps.incomplete", file=path)
    if folder["denied"] or any(state == "unseen" for _, _, state, _ in folder["dumps"]):
        doctor.miss("dumps")
    whole = [(mode, release) for _, mode, state, release in folder["dumps"] if state in ("whole", "unseen")]
    readable = sum(bool(mode & stat.S_IROTH) for mode, _ in whole)
    if readable:
        doctor.find("dumps.readable", count=len(whole), readable=readable)
    if whole:
        _tools(doctor, whole[-1][1])
    if any(name.startswith("dmesg-") for name in doctor.machine.names("/sys/fs/pstore")):
        doctor.find("dumps.pstore", folder="/sys/fs/pstore")
    elif doctor.machine.names("/var/lib/systemd/pstore"):
        doctor.find("dumps.pstore", folder="/var/lib/systemd/pstore")
    doctor.well("dumps", *([] if whole else ["dumps.none"]), count=len(whole), folder=place)


def _tools(doctor: Doctor, release: str) -> None:
    """Whether crash and drgn, where they are installed, know the kernel of the newest dump and find its symbols."""
    crash, drgn = doctor.packages.get("crash", ""), doctor.packages.get("python3-drgn", "")
    kernel = version(release or doctor.release)
    opens = next((newest for since, newest in OPENED if crash and debian_key(crash) >= debian_key(since)), (99, 0))
    if kernel > opens:
        doctor.find("dumps.crash", version=crash, kernel=f"{kernel[0]}.{kernel[1]}")
    if drgn and debian_key(drgn) < debian_key("0.0.25"):
        doctor.find("dumps.drgn", version=drgn)
    files = (f"/usr/lib/debug/boot/vmlinux-{release}", f"/usr/lib/debug/lib/modules/{release}/vmlinux")
    if (crash or drgn) and release and not any(doctor.machine.exists(file) for file in files):
        doctor.find("dumps.symbols", release=release)


# The newest kernel whose dumps a version of crash opens, where that is known: 8.0.6 opens 6.12, Ubuntu's 8.0.4-1ubuntu2.1 6.14.
OPENED = (("9.0.2", (99, 0)), ("9.0.1", (7, 0)), ("8.0.4-1ubuntu2.1", (6, 14)), ("8", (6, 8)))


EXAMINATIONS: dict[str, Callable[[Doctor], None]] = {
    "packages": check_packages, "kernel": check_kernel, "cmdline": check_cmdline, "reservation": check_reservation,
    "capture": check_capture, "service": check_service, "settings": check_settings, "boot": check_boot, "space": check_space,
    "makedumpfile": check_makedumpfile, "panic": check_panic, "locks": check_locks, "encryption": check_encryption,
    "remote": check_remote, "watchdog": check_watchdog, "dumps": check_dumps,
}  # fmt: skip


# ---- what is said


class Report:
    """The examination in words of one language."""

    def __init__(self, doctor: Doctor, language: str) -> None:
        self.doctor = doctor
        self.language = language
        order = list(CHECKS)
        ranks = list(LEVELS)
        self.findings = sorted(doctor.findings, key=lambda each: (ranks.index(each.level), order.index(each.check)))

    def words(self, text: Words, values: dict[str, Any] | None = None) -> str:
        """A text in the report's language, with its values, none of which can drive the terminal."""
        shown = {name: clean(self._value(value)) for name, value in (values or {}).items()}
        template = text.zh if self.language == "zh" else text.en
        return template.format_map(shown) if shown else template

    def _value(self, value: Any) -> str:
        return str((value.zh if self.language == "zh" else value.en) if isinstance(value, Words) else value)

    def finding(self, each: Finding) -> str:
        kind = FINDINGS[each.kind]
        return self.words(Words(kind.en, kind.zh), each.values)

    @property
    def status(self) -> int:
        if self.doctor.unable:
            return 2
        if self.doctor.faulty():
            return 1
        return 0 if self.doctor.loaded else 2

    @property
    def verdict(self) -> str:
        warned = any(each.level == "warning" for each in self.findings)
        return {0: "ready-warned" if warned else "ready", 1: "not-ready", 2: "unknown"}[self.status]

    def rows(self) -> list[tuple[str, str, str]]:
        """For each check that was made: its name, the worst level that it found, and a text."""
        rows = []
        for check in CHECKS:
            found = [each for each in self.findings if each.check == check]
            serious = [each for each in found if each.level != "note"]
            if serious:
                continue
            if found:
                rows += [(check, each.level, f"{self.finding(each)} [{each.cure}]") for each in found]
            elif check in self.doctor.fine:
                name, values = self.doctor.fine[check]
                rows.append((check, "follows" if name == "follows" else "fine", self.words(FINE[name], values)))
        return rows

    def crash(self) -> str:
        """What a crash now would do."""
        doctor = self.doctor
        outcome = next((FINDINGS[each.kind].crash for each in self.findings if FINDINGS[each.kind].crash), "saved")
        if self.status == 2:
            outcome = "unknown"
        appended = (doctor.folder.get("command") or [""])[0] if outcome == "dies" else ""
        found = re.search(r"\bpanic=(-?[0-9]{1,6})\b", appended, re.ASCII)
        seconds = (int(found[1]) if found else 0) if outcome == "dies" else doctor.sysctl("kernel.panic") or 0
        end = ENDS["restart" if seconds > 0 else "now" if seconds < 0 else "stand"]
        final = (doctor.machine.final(doctor.kernel_file) or "") if outcome == "saved" else ""
        kernel = final.rpartition("/vmlinu")[2][2:] or SAYINGS["the-kernel"]
        targets = [f"{name}={doctor.settings.get(name)}" for name in doctor.settings.targets] if outcome == "saved" else []
        place = ", ".join(targets) or (doctor.settings.folder if outcome == "saved" else "")
        values = {"end": self.words(end, {"seconds": seconds}), "kernel": kernel, "reserved": human(doctor.size or 0), "place": place}
        return self.words(OUTCOMES[outcome], values)

    def unseen(self) -> tuple[list[str], list[str]]:
        """What root would see, and what nobody could."""
        texts = [(root, self.words(UNSEEN[what], values)) for what, root, values in self.doctor.unseen]
        return [text for root, text in texts if root], [text for root, text in texts if not root]

    def header(self) -> str:
        doctor = self.doctor
        host = doctor.machine.line("/proc/sys/kernel/hostname") or doctor.machine.line("/etc/hostname")
        system = doctor.os_release.get("PRETTY_NAME", "").partition(" (")[0]
        parts = [f"kdump-doctor {VERSION}", host, system]
        return self.words(SAYINGS["list"]).join(clean(part) for part in parts if part)


def clean(text: str) -> str:
    """Text from the machine in one line, without characters that move the cursor or turn the writing, and not endless."""
    shown = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text[:400].replace("\t", " "))
    return shown if len(text) <= 400 else shown + "..."


def short(text: str) -> str:
    """A long value with its middle left out, for a line of a table."""
    return text if len(text) <= 36 else f"{text[:22]}...{text[-11:]}"


def width(text: str) -> int:
    """Columns on a terminal."""
    return sum(0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


_PIECE = re.compile(r" +|[\u2e80-\ufe4f\uff01-\uffe6]|[^ \u2e80-\ufe4f\uff01-\uffe6]+")
NOT_FIRST = set("，。；：！？）」、—")  # never at the beginning of a line


def wrap(text: str, columns: int) -> list[str]:
    """Lines of at most so many columns. Chinese may break between any two characters, other writing at spaces only."""
    lines: list[str] = []
    line: list[str] = []
    for piece in _PIECE.findall(text):
        if width("".join(line) + piece) > columns and not piece.isspace():
            # A full stop goes to the next line together with what is before it.
            held = piece in NOT_FIRST and bool(line) and line[-1] not in NOT_FIRST
            keep = len(line) - held
            if held and not keep:  # the full stop takes the end of a word with it that fills the line
                word = line.pop()
                lines.append(word[:-1])
                line = [word[-1:], piece]
                continue
            lines.append("".join(line[:keep]).rstrip())
            line = line[keep:]
            while width(piece) > columns and len(piece) > 1:
                cut = max(end for end in range(1, len(piece)) if end == 1 or width(piece[:end]) <= columns)
                lines.append("".join(line) + piece[:cut])
                line, piece = [], piece[cut:]
        if line or not piece.isspace():
            line.append(piece)
    lines.append("".join(line).rstrip())
    return [each for each in lines if each] or [""]


COLOURS = {"fault": "31;1", "warning": "33", "note": "36", "fine": "32", "unseen": "35", "follows": "2"}


class Page:
    """Lines for a terminal, or for a file."""

    def __init__(self, columns: int, colour: bool) -> None:
        self.columns = max(columns, 20)
        self.colour = colour
        self.lines: list[str] = []

    def gap(self) -> None:
        self.lines.append("")

    def write(self, text: str, indent: int = 0, first: str = "", level: str = "", painted: int = 1000) -> None:
        """A text in lines, indented, with ``first`` in the indentation of the first one.

        In the first line, the colour of ``level`` is that of its first ``painted`` columns.
        """
        indent = min(indent, self.columns // 2)
        for number, line in enumerate(wrap(text, self.columns - indent)):
            line = (first if number == 0 else "") + " " * (indent - width(first if number == 0 else "")) + line
            if level and number == 0 and self.colour:
                cut = next((end for end in range(len(line) + 1) if width(line[:end]) >= painted), len(line))
                line = f"\033[{COLOURS[level]}m{line[:cut]}\033[0m{line[cut:]}"
            self.lines.append(line)


def as_text(report: Report, columns: int, colour: bool, again: str, guide: str = "") -> str:
    """The report for a reader: what is wrong first, then what is fine, then what a crash would do.

    ``again`` is the command to see what only root sees, ``guide`` the address of the guide's pages.
    """
    page = Page(columns, colour)
    page.write(report.header())
    page.gap()
    if report.doctor.unable:
        name, values = report.doctor.unable
        page.write(report.words(UNABLE[name], values))
        page.gap()
    colon = report.words(SAYINGS["colon"])
    serious = [each for each in report.findings if each.level != "note"]
    for number, each in enumerate(serious, 1):
        head = f"{number}. {report.words(LEVELS[each.level])}{colon}{report.words(CHECKS[each.check])}"
        page.write(head, level=each.level)
        page.write(report.finding(each), 3)
        page.write(f"{report.words(SAYINGS['cure'])}{colon}{address(each.cure, guide, report.language)}", 3)
        if FINDINGS[each.kind].do:
            page.write(f"{report.words(SAYINGS['command'])}{colon}{FINDINGS[each.kind].do}", 3)
    for kind, count in report.doctor.more.items():
        page.write(report.words(SAYINGS["more"], {"count": count, "check": Words(*CHECKS[kind.partition(".")[0]])}))
    if serious:
        page.gap()
    rows = report.rows()
    names = max((width(report.words(text)) for text in CHECKS.values()), default=0) + 2
    levels = max(width(report.words(text)) for text in LEVELS.values()) + 1
    for check, level, text in rows:
        shown, name = report.words(LEVELS[level]), report.words(CHECKS[check])
        if page.columns < 60:
            page.write(f"{shown} {name}", level=level)
            page.write(text, 2)
        else:
            page.write(text, levels + names, shown + " " * (levels - width(shown)) + name, level, levels)
    if rows:
        page.gap()
    for_root, never = report.unseen()
    comma = report.words(SAYINGS["list"])
    if never:
        page.write(report.words(SAYINGS["not-seen-either"], {"what": comma.join(never)}))
    if for_root:
        page.write(report.words(SAYINGS["not-seen"], {"what": comma.join(for_root)}))
        page.lines.append(f"  {again}")
    level = {0: "fine", 1: "fault", 2: "unseen"}[report.status]
    verdict = report.words(SAYINGS[report.verdict])
    page.write(f"{verdict}{report.words(SAYINGS['sentences'])}{report.crash()}", level=level, painted=width(verdict))
    return "\n".join(page.lines) + "\n"


def address(cure: str, guide: str, language: str) -> str:
    """PAGE#SECTION, or the whole address where the guide's is known."""
    name, _, section = cure.partition("#")
    return f"{guide.rstrip('/')}/{language}/{name}/#{section}" if guide else cure


def as_json(report: Report, again: str) -> str:
    """The same for programs. schema.json describes it."""
    doctor = report.doctor
    findings = [
        {
            "id": each.kind, "check": each.check, "level": each.level, "text": report.finding(each), "cure": each.cure,
            "command": FINDINGS[each.kind].do,
            "values": {name: clean(report._value(value)) for name, value in each.values.items()},
        }
        for each in report.findings
    ]  # fmt: skip
    checks = {check: {"level": level, "text": text} for check, level, text in report.rows()}
    checks |= {each.check: {"level": each.level, "text": report.finding(each)} for each in reversed(report.findings)}
    for_root, never = report.unseen()
    answer = {
        "doctor": VERSION, "schema": SCHEMA, "language": report.language, "status": report.status, "verdict": report.verdict,
        "system": clean(doctor.os_release.get("PRETTY_NAME", "")), "kernel": clean(doctor.release), "root": doctor.machine.uid == 0,
        "unable": report.words(UNABLE[doctor.unable[0]], doctor.unable[1]) if doctor.unable else None,
        "findings": findings, "checks": checks,
        "unseen": [{"what": what, "right": "root"} for what in for_root] + [{"what": what, "right": None} for what in never],
        "again": again if for_root else None, "crash": report.crash(),
    }  # fmt: skip
    return json.dumps(answer, ensure_ascii=False, indent=2) + "\n"


# ---- the command line


# fmt: off
OPTIONS = {
    "about": Words(
        "Would this machine save a dump of its kernel if it crashed now? Reads only: it writes, loads and sends nothing.",
        "这台机器如果现在崩溃，能保存内核转储吗？只读取：不写入、不加载、不发送任何东西。"),
    "--lang": Words("the language; without it, that of the locale", "语言；不指定时按 locale"),
    "--json": Words("the same for programs", "供程序读取的格式"),
    "--remote": Words("also try whether the server for dumps can be reached", "同时试连接收转储的服务器"),
    "--guide": Words("the address of the guide, to show whole addresses", "指南的网址，用来显示完整的地址"),
    "--root": Words(
        "look below another folder than /, such as a disk image; runs no command",
        "检查 / 以外的目录，例如磁盘映像；不执行任何命令"),
    "no-root": Words("--root: expected a folder, found no such folder: {}", "--root：需要一个目录，没有这样的目录：{}"),
    "after": Words(
        "Exit status: 0 ready, 1 a crash would leave no usable dump, 2 it cannot be told.",
        "退出状态：0 已就绪，1 崩溃不会留下可用的转储，2 无法判断。"),
}
# fmt: on


CHINESE = ("utf8", "gb18030", "gbk", "gb2312")  # encodings that have both languages


def language_of(environment: dict[str, str], arguments: list[str], encoding: str) -> str:
    """The language, en or zh: as --lang says, else by the locale, if Chinese can be printed."""
    for place, word in enumerate(arguments):
        value = (
            word.partition("=")[2] if word.startswith("--lang=") else "".join(arguments[place + 1 : place + 2]) if word == "--lang" else ""
        )
        if value in ("en", "zh"):
            return value
    locale = next((environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), "")
    return "zh" if locale.startswith("zh") and encoding.lower().replace("-", "") in CHINESE else "en"


def encoding_of(environment: dict[str, str], language: str, own: str) -> str:
    """The encoding of the text: that of the terminal, if it has the language; ASCII for a locale that has nothing else.

    Python takes UTF-8 where the locale is C, of which a terminal may know nothing.
    """
    if language == "zh":
        return own if own.lower().replace("-", "") in CHINESE else "utf-8"
    locale = next((environment[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if environment.get(name)), "C")
    return "ascii" if locale in ("C", "POSIX") else own or "utf-8"


def parser(language: str) -> argparse.ArgumentParser:
    """The options."""
    text = {name: words.zh if language == "zh" else words.en for name, words in OPTIONS.items()}
    made = argparse.ArgumentParser("kdump-doctor", allow_abbrev=False, description=text["about"], epilog=text["after"])
    made.add_argument("--lang", choices=("en", "zh"), help=text["--lang"])
    made.add_argument("--json", action="store_true", help=text["--json"])
    made.add_argument("--remote", action="store_true", help=text["--remote"])
    made.add_argument("--guide", default="", metavar="URL", help=text["--guide"])
    made.add_argument("--root", default="/", metavar="FOLDER", help=text["--root"])
    made.add_argument("--version", action="version", version=f"kdump-doctor {VERSION}")
    return made


def main(arguments: list[str] | None = None, machine: Machine | None = None) -> int:
    """The exit status of the program."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if sys.stdout is None:  # ">&-" has closed it: the exit status is all that can be said
        sys.stdout = io.StringIO()
    language = language_of(dict(os.environ), arguments, sys.stdout.encoding or "")
    options = parser(language).parse_args(arguments)
    if machine is None and not os.path.isdir(options.root):
        parser(language).error(OPTIONS["no-root"][language == "zh"].format(options.root))
    doctor = Doctor(machine or Machine(options.root), options.remote)
    doctor.examine()
    report = Report(doctor, language)
    again = shlex.join(["sudo", "python3", sys.argv[0], *arguments])
    encoding = "utf-8" if options.json else encoding_of(dict(os.environ), language, sys.stdout.encoding or "")
    try:
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(encoding=encoding, errors="replace")
        if options.json:
            text = as_json(report, again)
        else:
            terminal = sys.stdout.isatty()
            columns = shutil.get_terminal_size().columns if terminal else 80
            colour = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "") not in ("", "dumb")
            text = as_text(report, columns, colour, again, options.guide)
        sys.stdout.write(text.replace("…", "...") if encoding == "ascii" else text)
        sys.stdout.flush()
    except OSError as error:
        # "| head -n 1" has read enough; a disk may be full. Python would write the rest, and fail again, when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            print(f"kdump-doctor: {error.strerror}", file=sys.stderr)
    return report.status


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
