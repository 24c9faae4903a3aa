// Runs every audit of graphql-http against the server at INNSYN_ADDRESS, as whoever INNSYN_TOKEN names, and prints a
// JSON object a line: {id, name, status, reason}. The audits know of no sign-in, so that the token is added here.
import { serverAudits } from "graphql-http";

const { INNSYN_ADDRESS: url, INNSYN_TOKEN: token } = process.env;

function fetchFn(address, init = {}) {
  return fetch(address, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } });
}

for (const audit of serverAudits({ url, fetchFn })) {
  const { id, name, status, reason } = await audit.fn();
  console.log(JSON.stringify({ id, name, status, reason }));
}
