/** The database contract, run by every driver. */

import { databaseContract, LEASE_TESTS } from "./database_contract.ts";

databaseContract("postgresql");
databaseContract("mysql");
databaseContract("sqlite", {
  skip: [
    { reason: "an OS file lock stands for the lease", tests: LEASE_TESTS },
    {
      reason: "statements run in this process, which waits for them",
      tests: [
        "Session.cancel() stops the statement that runs, soon, and the session goes on",
        "Session.close() does not wait for a statement that runs",
      ],
    },
    {
      reason: "there is no server",
      tests: [
        "Session.lost becomes true when the server ends the session, and everything then fails so",
        "Session.query() fails as lost when the server ends the session under a statement",
        "Session.backend is the server's id of the session",
        "Database.connect() fails as unreachable, with the port and what to do, where nothing listens",
        "Database.connect() fails as unreachable where the host has no address",
        "Database.connect() gives up after connectTimeoutMs where the server says nothing",
        "Database.connect() fails as unreachable where the server hangs up at once",
        "Database.connect() fails as denied with a wrong password",
        "Database.connect() fails as missing-database where there is none of that name",
      ],
    },
    {
      reason: "there are no roles, and one writer at a time",
      tests: [
        "DatabaseError has the kind privilege where the role lacks a right",
        "DatabaseError has the kind serialization, to be tried again, for a deadlock",
      ],
    },
  ],
});
