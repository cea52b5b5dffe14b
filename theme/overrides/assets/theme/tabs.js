// What the theme's partials/javascripts/content.html does in each page: an address that names a tab opens it.
(() => {
  const target = document.getElementById(location.hash.slice(1));
  if (target && target.name) {
    target.checked = target.name.startsWith("__tabbed_");
  }
})();
