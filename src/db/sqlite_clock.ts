/**
 * The time by SQLite's clock.
 *
 * @module
 */

/** The present as SQLAlchemy writes it. Milliseconds are all that SQLite's clock knows. */
export const UTC_NOW = "strftime('%Y-%m-%d %H:%M:%f000', 'now')";
