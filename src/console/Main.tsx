import "./styles/tokens.css"
import "./styles/base.css"
import "./styles/kit.css"
import "./styles/layout.css"
import "./styles/shell.css"
import { render } from "preact"
import { App } from "./App.tsx"
import { watchExpiry } from "./signin/Expiry.ts"

watchExpiry()

const root = document.getElementById("app")
if (root !== null) render(<App />, root)
