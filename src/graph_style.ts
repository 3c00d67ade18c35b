/**
 * The looks of the SVG: colours for light and dark, and rules that use them. The page has the same.
 *
 * @module
 */

/** Custom properties, light. Text on each of the soft colours has a contrast of 4.5 and more. */
export const LIGHT_COLOURS = `--ink:#1c2127;--muted:#57606a;--line:#d5dae1;--strong-line:#8a939e;--paper:#fbfbfa;
--card:#ffffff;--applied:#1a7f37;--applied-soft:#e3f6e8;--pending:#2563c9;--pending-soft:#e8f0fd;--running:#0b7285;
--running-soft:#e0f5f8;--failed:#c4281f;--failed-soft:#fdeae8;--blocked:#8f5200;--blocked-soft:#fdf1da;
--unknown:#5c6570;--unknown-soft:#eef0f2;`;

export const DARK_COLOURS = `--ink:#e6e9ed;--muted:#9ca6b1;--line:#2f363f;--strong-line:#6b7682;--paper:#14171b;
--card:#1b1f25;--applied:#57c277;--applied-soft:#15301f;--pending:#7fb0ff;--pending-soft:#16263f;--running:#5ad0e2;
--running-soft:#0f2f36;--failed:#ff8a80;--failed-soft:#3d1a18;--blocked:#f0b45a;--blocked-soft:#35260d;
--unknown:#a3adb8;--unknown-soft:#262c33;`;

/** For each state the names of its colours; states of one colour differ in their sign and their border. */
const COLOURS = {
  applied: "applied",
  pending: "pending",
  running: "running",
  failed: "failed",
  blocked: "blocked",
  changed: "blocked",
  missing: "failed",
  faulty: "failed",
  unknown: "unknown",
} as const;

export const GRAPH_RULES = `.dg-node{--state:var(--unknown);--soft:var(--unknown-soft)}
${
  Object.entries(COLOURS).map(([state, colour]) =>
    `.dg-node.${state}{--state:var(--${colour});--soft:var(--${colour}-soft)}`
  ).join("\n")
}
.dg-box{fill:var(--soft);stroke:var(--state);stroke-width:1.25}
.pending .dg-box{stroke-dasharray:5 3}
.blocked .dg-box,.missing .dg-box{stroke-dasharray:2 3}
.failed .dg-box,.faulty .dg-box,.running .dg-box{stroke-width:2.25}
.dg-bar{fill:var(--state)}
.dg-fill{fill:var(--state)}
.dg-ring{fill:none;stroke:var(--state);stroke-width:2}
.dg-mark{fill:none;stroke:var(--card);stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
.dg-stroke{fill:none;stroke:var(--state);stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
.dg-id{font:600 13px ui-sans-serif,system-ui,sans-serif;fill:var(--ink)}
.dg-text{font:12px ui-sans-serif,system-ui,sans-serif;fill:var(--muted)}
.dg-edge{fill:none;stroke:var(--strong-line);stroke-width:1.4}
.dg-edge.gate{stroke-dasharray:5 4}
.dg-arrow{fill:var(--strong-line)}`;
