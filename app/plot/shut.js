// On a phone the navigation covers the page: choosing one puts it away, at once, or as soon as this is
// loaded where the choice was quicker.
export default function ({ data }) {
  const shut = () => {
    if (innerWidth < data.phone) document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
  };
  const chosen = ({ target }) => target.closest?.('[data-testid="stSidebarNavLink"]') && shut();
  const tab = document.documentElement.dataset;
  tab.cwPage ??= new URL(performance.getEntriesByType("navigation")[0]?.name ?? location.href).pathname;
  if (tab.cwPage !== location.pathname) shut();
  tab.cwPage = location.pathname;
  document.addEventListener("click", chosen);
  return () => document.removeEventListener("click", chosen);
}
