// Keeps the pass of a signed-in tab as a cookie that only our own routes are sent.
export default function ({ data }) {
  const safe = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${data.name}=${data.value}; Path=/curvewise; Max-Age=${data.seconds}; SameSite=Strict${safe}`;
}
