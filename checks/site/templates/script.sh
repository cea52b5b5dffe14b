#!/usr/bin/env bash
{{ head }}
#
# shellcheck disable={{ disabled }}
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"

guide_script=$(readlink -f -- "$0")
guide_from=
guide_any_release=
guide_steps={{ (" " ~ steps | join(" ") ~ " ") | q }}

# Ends the script: guide_stop EXIT-STATUS SENTENCE...
guide_stop() {
    local status=$1
    shift
    trap - ERR
    printf '\n' >&2
    printf '%s\n' "$@" >&2
    exit "$status"
}

# Prints the command that begins at a step: guide_command [STEP]
guide_command() { printf '    bash %q%s%s' "$guide_script" "$guide_any_release" "${1:+ --from $1}"; }

guide_usage() { guide_stop 2 {{ words.usage | q }} "    bash ${guide_script##*/} [--from STEP] [--any-release]" "" {{ words.steps | q }} "   $guide_steps"; }

# Ends the script unless the reader's home has a file or folder: guide_needs PATH SENTENCE
guide_needs() { [ -e "$HOME/$1" ] || guide_stop 2 "$2"; }

# Whether one of the patterns names this release: guide_meant PATTERN...
guide_meant() {
    local pattern
    for pattern in "$@"; do
        # shellcheck disable=SC2254 # it is meant as a pattern
        case $guide_release in $pattern) return 0 ;; esac
    done
    return 1
}

# Whether a step is to run: guide_step NAME EXIT-STATUS WHAT-HAPPENS-TO-THE-MACHINE NEXT-STEP PATTERN-OF-RELEASES...
guide_step() {
    guide_name=$1 guide_expected=$2 guide_event=$3 guide_next=$4
    shift 4
    if [ -n "$guide_from" ]; then
        [ "$guide_from" = "$guide_name" ] || return 1
        guide_from=
    fi
    printf '\n== %s\n' "$guide_name"
    guide_meant "$@" || {
        printf '%s\n' {{ words.other_releases | q }}
        return 1
    }
    [ -z "$guide_event" ] || guide_ask
    set -E
    trap 'guide_failed "$?"' ERR
}

# Asks before the step takes the machine down, and says how to go on afterwards.
guide_ask() {
    local answer=
    printf '%s %s\n' "$guide_event" {{ words.unsaved | q }}
    if [ -n "$guide_next" ]; then
        printf '%s\n\n%s\n\n' {{ words.afterwards | q }} "$(guide_command "$guide_next")"
    else
        printf '%s\n' {{ words.last_step | q }}
    fi
    { printf '%s [y/N] ' {{ words.ask | q }} >/dev/tty && read -r answer </dev/tty; } 2>/dev/null ||
        guide_stop 2 {{ words.no_terminal | q }} "$(guide_command "$guide_name")"
    case $answer in
    [yY]*) ;;
    *) guide_stop 2 {{ words.declined | q }} "$(guide_command "$guide_name")" ;;
    esac
}

# The trap: a command of the step has failed. A subshell goes on, as it does at a prompt; what it ends with counts.
guide_failed() {
    if [ "$1" != "$guide_expected" ] && [ "$BASH_SUBSHELL" = 0 ]; then guide_unexpected "$1"; fi
}

guide_unexpected() {
    guide_stop 1 "$(printf {{ words.failed | q }} "$guide_name" "$1" "$guide_expected")" {{ words.read | q }} "    {{ address }}#$guide_name" \
        {{ words.mended | q }} "$(guide_command "$guide_name")"
}

# After the snippet of a step: its exit status, and the wait for a machine that goes down.
guide_ended() {
    local status=$?
    [ "$status" = "$guide_expected" ] || guide_unexpected "$status"
    if [ -n "$guide_event" ]; then
        printf '\n%s\n' {{ words.waiting | q }}
        exec sleep infinity
    fi
}

# Runs the Python program that comes as file descriptor 3.
guide_python() { python3 -c "$(cat <&3)" 3<&-; }

while [ "$#" -gt 0 ]; do
    case $1 in
    --any-release) guide_any_release=' --any-release' ;;
    --from)
        guide_from=${2:-none}
        case $guide_steps in *" $guide_from "*) ;; *) guide_usage ;; esac
        shift
        ;;
    *) guide_usage ;;
    esac
    shift
done

guide_system=$(. /etc/os-release && printf '%s' "${PRETTY_NAME:-$ID}")
guide_release=$(
    . /etc/os-release
    case $ID:${VERSION_CODENAME:-} in
{% for target in targets %}
    {{ target.family }}:{{ target.suite }}) printf '%s' {{ target.name }} ;;
{% endfor %}
    *) printf '%s-%s' "$ID" "${VERSION_ID:-}" ;;
    esac
)
guide_proven=
{% if proven %}
case $guide_release in
{% for name, date in proven.items() %}
{{ name }}) guide_proven={{ date }} ;;
{% endfor %}
esac
{% endif %}
if [ -n "$guide_proven" ]; then
    printf {{ (words.proven ~ "\\n") | q }} "$guide_system" "$guide_proven"
elif [ -n "$guide_any_release" ]; then
    printf {{ (words.unproven ~ "\\n") | q }} "$guide_system" {{ proven_on | q }}
else
    guide_any_release=' --any-release'
    guide_stop 2 "$(printf {{ words.unproven | q }} "$guide_system" {{ proven_on | q }})" {{ words.all_the_same | q }} "$(guide_command "$guide_from")"
fi
{% for path, sentence in needs.items() %}
guide_needs {{ path | q }} {{ sentence | q }}
{% endfor %}
{% if after %}
[ -n "$guide_from" ] || printf '%s\n' {{ after | q }}
{% endif %}
cd || exit 2 # as after a login
{{ body }}
printf '\n%s\n' {{ words.done | q }}
