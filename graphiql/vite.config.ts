import { defineConfig } from "vite";

export default defineConfig({
  base: "/graphiql/",
  build: {
    target: "es2022",
    // Nothing becomes a data: address, so that the content security policy needs none.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Monaco is one large piece; there is nothing to split that a first visit would not load.
    chunkSizeWarningLimit: 8000,
  },
  worker: { format: "es" },
});
