import { assert, describe, it } from "@effect/vitest"
import { languageOf, sameLanguage } from "../../src/shadow/Language.ts"

const texts: ReadonlyArray<readonly [string, string]> = [
  ["en", "The museum opens at nine and it is closed on Mondays."],
  ["de", "Das Museum öffnet um neun Uhr und ist am Montag nicht geöffnet."],
  ["fr", "Le musée ouvre à neuf heures et les visites sont gratuites pour vous."],
  ["es", "El museo abre a las nueve, pero los lunes está cerrado para el público."],
  ["it", "Il museo non è aperto il lunedì, ma gli altri giorni apre alle nove."],
  ["pt", "O museu não abre na segunda-feira, mas você pode visitar os outros em grupo."],
  ["nl", "Het museum is niet open op maandag, maar wordt ook voor groepen geopend."],
  ["ja", "美術館は朝九時に開きます。月曜日は休館です。"],
  ["zh", "博物馆早上九点开门，星期一闭馆。"],
  ["ko", "박물관은 아침 아홉 시에 엽니다."],
  ["und-Cyrl", "Музей открывается в девять часов."],
  ["und-Latn", "Lorem ipsum dolor sit amet consectetur"],
  ["unknown", "42 + 8 = 50"],
  ["unknown", ""],
]

describe("the language of a text", () => {
  it.each(texts)("%s: %s", (tag, text) => assert.strictEqual(languageOf(text), tag))
})

describe("the comparison of two languages", () => {
  it("is undefined if a language is unclear", () => {
    assert.isUndefined(sameLanguage("unknown", "en"))
    assert.isUndefined(sameLanguage("und-Latn", "en"))
    assert.isUndefined(sameLanguage("und-Cyrl", "und-Cyrl"))
  })

  it("differs if the scripts differ", () => {
    assert.isFalse(sameLanguage("und-Latn", "ja"))
    assert.isFalse(sameLanguage("en", "und-Cyrl"))
    assert.isFalse(sameLanguage("en", "de"))
    assert.isTrue(sameLanguage("de", "de"))
  })
})
