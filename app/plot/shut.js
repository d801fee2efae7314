// On a phone the navigation covers the page: choosing one puts it away.
export default function ({ data }) {
  const shut = ({ target }) => {
    if (innerWidth >= data.phone || !target.closest?.('[data-testid="stSidebarNavLink"]')) return;
    document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
  };
  document.addEventListener("click", shut);
  return () => document.removeEventListener("click", shut);
}
