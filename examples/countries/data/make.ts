/**
 * Makes `countries.json` and `currencies.json` of the unpacked npm packages that `README.md` names:
 *
 *     deno run -A make.ts FOLDER_OF_I18N_ISO_COUNTRIES FOLDER_OF_CURRENCY_CODES
 *
 * @module
 */

interface Country {
  readonly alpha2: string;
  readonly alpha3: string;
  readonly numeric: string;
  readonly name: string;
}

/** ISO 4217 writes the names of countries in its own way; these are the ones that the rules of `plain` do not match. */
const NAMES_OF_ISO_4217: Readonly<Record<string, string>> = {
  "cabo verde": "CV",
  "congo (the democratic republic of the)": "CD",
  "congo (the)": "CG",
  "iran (islamic republic of)": "IR",
  "korea (the democratic people's republic of)": "KP",
  "korea (the republic of)": "KR",
  "lao people's democratic republic (the)": "LA",
  "micronesia (federated states of)": "FM",
  "moldova (the republic of)": "MD",
  "saint helena, ascension and tristan da cunha": "SH",
  "tanzania, united republic of": "TZ",
  "united kingdom of great britain and northern ireland (the)": "GB",
  "virgin islands (british)": "VG",
  "virgin islands (u.s.)": "VI",
  "viet nam": "VN",
};

function folded(name: string): string {
  return name.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").replaceAll("’", "'").toLowerCase();
}

/** The name without `(THE)`, `(Plurinational State Of)` or `[MALVINAS]`. */
function plain(name: string): string {
  return folded(name).replace(/ [([](?!keeling|french|dutch).*$/, "");
}

async function readCountries(folder: string): Promise<{ countries: Country[]; byName: Map<string, string> }> {
  const codes: [string, string, string][] = JSON.parse(await Deno.readTextFile(`${folder}/codes.json`));
  const english: Record<string, string | string[]> =
    JSON.parse(await Deno.readTextFile(`${folder}/langs/en.json`)).countries;
  const byName = new Map(Object.entries(NAMES_OF_ISO_4217));
  // XK is not of ISO 3166: the standard leaves it to its users
  const countries = codes.filter(([alpha2]) => alpha2 !== "XK").map(([alpha2, alpha3, numeric]): Country => {
    const names = [english[alpha2] ?? []].flat();
    for (const name of names) byName.set(plain(name), byName.get(plain(name)) ?? alpha2);
    return { alpha2, alpha3, numeric, name: names[0] ?? "" };
  });
  return { countries: countries.sort((a, b) => a.alpha2 < b.alpha2 ? -1 : 1), byName };
}

async function readCurrencies(folder: string, byName: ReadonlyMap<string, string>) {
  const xml = await Deno.readTextFile(`${folder}/iso-4217-list-one.xml`);
  const unknown = new Set<string>();
  const currencies = new Map<string, Record<string, unknown> & { countries: string[] }>();
  for (const [, entry = ""] of xml.matchAll(/<CcyNtry>(.*?)<\/CcyNtry>/gs)) {
    const text = (tag: string) =>
      new RegExp(`<${tag}(?: [^>]*)?>(.*?)</${tag}>`, "s").exec(entry)?.[1]?.trim().replaceAll("&amp;", "&");
    const code = text("Ccy");
    if (code === undefined) continue;
    const units = text("CcyMnrUnts") ?? "N.A.";
    const currency = currencies.get(code) ?? {
      code,
      numeric: text("CcyNbr"),
      name: text("CcyNm"),
      minorUnits: units === "N.A." ? null : Number(units),
      countries: [],
    };
    const country = text("CtryNm") ?? "";
    const alpha2 = byName.get(folded(country)) ?? byName.get(plain(country));
    if (alpha2 === undefined) unknown.add(country);
    else currency.countries.push(alpha2);
    currencies.set(code, currency);
  }
  return { currencies: [...currencies.values()].sort((a, b) => `${a.code}` < `${b.code}` ? -1 : 1), unknown };
}

/** JSON with a line a record, so that a change of one is a change of one line. */
function lines(records: readonly unknown[]): string {
  return `[\n${records.map((record) => JSON.stringify(record)).join(",\n")}\n]\n`;
}

if (import.meta.main) {
  const [countriesFolder = "", currenciesFolder = ""] = Deno.args;
  const { countries, byName } = await readCountries(countriesFolder);
  const { currencies, unknown } = await readCurrencies(currenciesFolder, byName);
  await Deno.writeTextFile(new URL("countries.json", import.meta.url), lines(countries));
  await Deno.writeTextFile(new URL("currencies.json", import.meta.url), lines(currencies));
  // what is left are funds, metals and unions, which are no countries
  await Deno.stderr.write(new TextEncoder().encode(`no country: ${[...unknown].join("; ")}\n`));
}
