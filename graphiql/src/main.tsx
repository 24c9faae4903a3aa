import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Page } from "./page";
import "./page.css";

const place = document.getElementById("page");
if (place === null) throw new Error("The page has no place to stand.");
createRoot(place).render(
  <StrictMode>
    <Page />
  </StrictMode>,
);
