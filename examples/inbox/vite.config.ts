import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const server = process.env.INNSYN_ADDRESS ?? "http://127.0.0.1:8000";

// The page and the server share an origin, as they would behind one name in production: no CORS, and `connect-src 'self'`
// is enough, websockets included. As objects, not as bare addresses: those would change the Host, and the development
// login compares it with the Origin.
const proxy = {
  "/graphql": { target: server, ws: true },
  "/attachments": { target: server },
  "/dev/personas": { target: server },
  "/dev/token": { target: server },
};

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
];

/** The built page carries its policy, whoever serves it. What only a header can say is said in `preview` below. */
function withPolicy(): Plugin {
  return {
    name: "with-policy",
    apply: "build",
    transformIndexHtml: () => [
      {
        tag: "meta",
        attrs: { "http-equiv": "Content-Security-Policy", content: policy.join("; ") },
        injectTo: "head-prepend",
      },
    ],
  };
}

export default defineConfig({
  plugins: [react(), withPolicy()],
  server: { host: "127.0.0.1", proxy },
  preview: {
    host: "127.0.0.1",
    proxy,
    headers: {
      "Content-Security-Policy": [...policy, "frame-ancestors 'none'"].join("; "),
      "Referrer-Policy": "no-referrer",
      "X-Content-Type-Options": "nosniff",
      "Cross-Origin-Opener-Policy": "same-origin",
    },
  },
  build: {
    target: "es2022",
    // Nothing becomes a data: address, so that the policy needs none.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
