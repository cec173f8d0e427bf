import type { Entry } from "./Text.ts"

export const signInText = {
  withProvider: { en: "Sign in with your organisation", zh: "使用组织账户登录" },
  providerHelp: { en: "You sign in at {host}.", zh: "您将在 {host} 登录。" },
  providerAway: { en: "The identity provider does not answer now.", zh: "身份提供方目前没有响应。" },
  needsHttps: {
    en: "Sign-in by the identity provider needs https://. Use a token here.",
    zh: "通过身份提供方登录需要 https://。请在此使用令牌。",
  },
  askAgain: { en: "Try again", zh: "重试" },
  providerRefused: { en: "The sign-in failed: {reason}", zh: "登录失败：{reason}" },
  access_denied: {
    en: "the identity provider gave no access (access_denied).",
    zh: "身份提供方拒绝了访问（access_denied）。",
  },
  login_required: {
    en: "the identity provider asks you to sign in (login_required).",
    zh: "身份提供方要求您登录（login_required）。",
  },
  unexpected: {
    en: "this tab did not begin it. Begin again here.",
    zh: "它不是从此标签页开始的。请在这里重新开始。",
  },
} satisfies Readonly<Record<string, Entry>>
