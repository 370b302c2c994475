-- The books of the flash sale. Idempotent: run at every start, by any number of instances (see schema.ts).
--
-- What must never happen is impossible here, whatever the application or Redis does: each promise is a constraint, and
-- each step is one function, so that it happens wholly or not at all. Rows are always locked in the same order
-- (reservations, allowances, items), so that no two of these functions can deadlock.

CREATE TABLE IF NOT EXISTS sales (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  starts_at  timestamptz NOT NULL,
  ends_at    timestamptz NOT NULL,
  user_limit integer     NOT NULL CHECK (user_limit > 0),
  CHECK (starts_at < ends_at),
  -- At any moment there is at most one sale.
  EXCLUDE USING gist (tstzrange(starts_at, ends_at) WITH &&)
);
CREATE INDEX IF NOT EXISTS sales_ends_at ON sales (ends_at);

CREATE TABLE IF NOT EXISTS items (
  sale_id     bigint  NOT NULL REFERENCES sales (id),
  item_id     integer NOT NULL CHECK (item_id > 0),
  name        text    NOT NULL,
  tagline     text    NOT NULL,
  price_cents integer NOT NULL CHECK (price_cents > 0),
  stock       integer NOT NULL CHECK (stock >= 0),
  reserved    integer NOT NULL DEFAULT 0 CHECK (reserved >= 0),
  sold        integer NOT NULL DEFAULT 0 CHECK (sold >= 0),
  PRIMARY KEY (sale_id, item_id),
  CONSTRAINT never_oversold CHECK (reserved + sold <= stock)
) WITH (fillfactor = 20); -- a few rows updated thousands of times: room for heap-only updates in their pages

-- How much of a sale's limit each user has used: reservations held plus purchases.
CREATE TABLE IF NOT EXISTS allowances (
  sale_id    bigint  NOT NULL REFERENCES sales (id),
  user_id    text    NOT NULL CHECK (length(user_id) BETWEEN 1 AND 64),
  held       integer NOT NULL CHECK (held >= 0),
  user_limit integer NOT NULL,
  PRIMARY KEY (sale_id, user_id),
  CONSTRAINT never_over_limit CHECK (held <= user_limit)
) WITH (fillfactor = 80);

CREATE TABLE IF NOT EXISTS reservations (
  code       text        PRIMARY KEY,
  sale_id    bigint      NOT NULL,
  item_id    integer     NOT NULL,
  user_id    text        NOT NULL,
  status     text        NOT NULL DEFAULT 'held' CHECK (status IN ('held', 'purchased', 'expired')),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz NOT NULL,
  FOREIGN KEY (sale_id, item_id) REFERENCES items (sale_id, item_id)
) WITH (fillfactor = 80);
CREATE INDEX IF NOT EXISTS reservations_due ON reservations (expires_at) WHERE status = 'held';

-- A code buys once: it is the key.
CREATE TABLE IF NOT EXISTS purchases (
  code         text        PRIMARY KEY REFERENCES reservations (code),
  sale_id      bigint      NOT NULL,
  item_id      integer     NOT NULL,
  user_id      text        NOT NULL,
  purchased_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Reserves one unit of an item of the running sale for a user, under a code the caller made up.
-- outcome: OK, SALE_CLOSED, ITEM_UNKNOWN, LIMIT_REACHED, SOLD_OUT.
CREATE OR REPLACE FUNCTION checkout(
  p_code text, p_user text, p_item integer, p_ttl_ms bigint,
  OUT outcome text, OUT sale bigint, OUT expires timestamptz
) LANGUAGE plpgsql AS $$
DECLARE
  v_now   timestamptz := clock_timestamp();
  v_limit integer;
BEGIN
  SELECT s.id, s.user_limit INTO sale, v_limit FROM sales s WHERE s.ends_at > v_now AND s.starts_at <= v_now;
  IF NOT FOUND THEN
    outcome := 'SALE_CLOSED';
    RETURN;
  END IF;

  INSERT INTO allowances AS a (sale_id, user_id, held, user_limit) VALUES (sale, p_user, 1, v_limit)
    ON CONFLICT (sale_id, user_id) DO UPDATE SET held = a.held + 1 WHERE a.held < a.user_limit;
  IF NOT FOUND THEN
    outcome := 'LIMIT_REACHED';
    RETURN;
  END IF;

  -- The item is the row everyone wants, so it is taken last. Stock is checked on the row as it is once locked.
  UPDATE items i SET reserved = i.reserved + 1
    WHERE i.sale_id = sale AND i.item_id = p_item AND i.reserved + i.sold < i.stock;
  IF NOT FOUND THEN
    UPDATE allowances a SET held = a.held - 1 WHERE a.sale_id = sale AND a.user_id = p_user;
    outcome := CASE WHEN EXISTS (SELECT FROM items i WHERE i.sale_id = sale AND i.item_id = p_item)
                    THEN 'SOLD_OUT' ELSE 'ITEM_UNKNOWN' END;
    RETURN;
  END IF;

  outcome := 'OK';
  expires := clock_timestamp() + p_ttl_ms * interval '1 millisecond';
  INSERT INTO reservations (code, sale_id, item_id, user_id, expires_at)
    VALUES (p_code, sale, p_item, p_user, expires);
END $$;

-- Turns a reservation into a purchase. outcome: OK, REPEATED (bought before; the same receipt), CODE_UNKNOWN,
-- CODE_EXPIRED. A reservation made in time may be bought after its sale has ended, until it expires.
CREATE OR REPLACE FUNCTION purchase(
  p_code text,
  OUT outcome text, OUT sale bigint, OUT item integer, OUT purchased timestamptz
) LANGUAGE plpgsql AS $$
DECLARE
  v reservations%ROWTYPE;
BEGIN
  SELECT * INTO v FROM reservations r WHERE r.code = p_code FOR UPDATE;
  IF NOT FOUND THEN
    outcome := 'CODE_UNKNOWN';
    RETURN;
  END IF;
  sale := v.sale_id;
  item := v.item_id;

  IF v.status = 'purchased' THEN
    outcome := 'REPEATED';
    SELECT p.purchased_at INTO purchased FROM purchases p WHERE p.code = p_code;
    RETURN;
  END IF;
  -- The clock is read after the wait for the row; the sweeper may be late, so the time decides and not the status.
  IF v.status = 'expired' OR v.expires_at <= clock_timestamp() THEN
    outcome := 'CODE_EXPIRED';
    RETURN;
  END IF;

  outcome := 'OK';
  UPDATE reservations r SET status = 'purchased' WHERE r.code = p_code;
  INSERT INTO purchases (code, sale_id, item_id, user_id) VALUES (p_code, sale, item, v.user_id)
    RETURNING purchased_at INTO purchased;
  UPDATE items i SET reserved = i.reserved - 1, sold = i.sold + 1 WHERE i.sale_id = sale AND i.item_id = item;
END $$;

-- Expires up to p_batch overdue reservations: their units go back on sale and their users' limit is freed.
-- Returns how many of each item. One instance sweeps at a time; the others return nothing.
CREATE OR REPLACE FUNCTION sweep(p_batch integer)
RETURNS TABLE (sale bigint, item integer, returned bigint) LANGUAGE plpgsql AS $$
DECLARE
  v_codes text[];
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtext('flash-sale sweep')) THEN
    RETURN;
  END IF;
  -- A reservation being bought at this moment is locked, and passed over.
  v_codes := ARRAY(
    SELECT r.code FROM reservations r WHERE r.status = 'held' AND r.expires_at <= clock_timestamp()
      ORDER BY r.expires_at LIMIT p_batch FOR UPDATE SKIP LOCKED
  );
  UPDATE reservations r SET status = 'expired' WHERE r.code = ANY (v_codes);
  UPDATE allowances a SET held = a.held - g.n
    FROM (SELECT r.sale_id, r.user_id, count(*) AS n FROM reservations r WHERE r.code = ANY (v_codes) GROUP BY 1, 2) g
    WHERE a.sale_id = g.sale_id AND a.user_id = g.user_id;
  RETURN QUERY
    UPDATE items i SET reserved = i.reserved - g.n
      FROM (SELECT r.sale_id, r.item_id, count(*) AS n FROM reservations r WHERE r.code = ANY (v_codes) GROUP BY 1, 2) g
      WHERE i.sale_id = g.sale_id AND i.item_id = g.item_id
      RETURNING i.sale_id, i.item_id, g.n;
END $$;

-- Puts the next sale on the schedule when the last one ends within p_ahead_ms: p_pause_ms after it, or now where that
-- is past. Any number of instances may ask; one sale comes of it. True where it was this call.
CREATE OR REPLACE FUNCTION schedule_sale(
  p_ahead_ms bigint, p_pause_ms bigint, p_duration_ms bigint, p_user_limit integer, p_items jsonb
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  v_now  timestamptz;
  v_last timestamptz;
  v_from timestamptz;
  v_sale bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('flash-sale schedule'));
  v_now := clock_timestamp();
  SELECT max(s.ends_at) INTO v_last FROM sales s;
  IF v_last > v_now + p_ahead_ms * interval '1 millisecond' THEN
    RETURN false;
  END IF;
  v_from := greatest(v_now, v_last + p_pause_ms * interval '1 millisecond');
  INSERT INTO sales (starts_at, ends_at, user_limit)
    VALUES (v_from, v_from + p_duration_ms * interval '1 millisecond', p_user_limit)
    RETURNING id INTO v_sale;
  INSERT INTO items (sale_id, item_id, name, tagline, price_cents, stock)
    SELECT v_sale, t.item_id, t.name, t.tagline, t.price_cents, t.stock
    FROM jsonb_to_recordset(p_items) AS t (item_id integer, name text, tagline text, price_cents integer, stock integer);
  RETURN true;
END $$;
