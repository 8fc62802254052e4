-- Asked when a client has gone while its statement runs, from another connection of the pool.
-- $1 integer: process id of the backend whose statement is no longer wanted.
SELECT pg_catalog.pg_cancel_backend($1::integer)
