-- Contract: `prices` turns from a table into a view of the same columns over the working tables. Its readers wait for
-- the milliseconds in which one takes the place of the other.

SELECT set_config('role', tableowner, true) FROM pg_catalog.pg_tables WHERE schemaname = 'public' AND tablename = 'ports';

-- Writers wait from here on, so what is compared now is what is replaced below.
LOCK TABLE public.prices IN SHARE MODE;
SET LOCAL work_mem = '128MB';

-- Prices that were written, changed or removed since the backfill are caught up with. Both sides are compared as sets of
-- rows with their number of times, by a hash that no order changes.
DO $$
DECLARE
    expected record;
    found record;
BEGIN
    SELECT count(*) AS rows, sum(hashtextextended(concat_ws(chr(9), orig_code, dest_code, day, price), 0)) AS hash
    INTO expected FROM public.prices;
    SELECT count(*) AS rows, sum(hashtextextended(concat_ws(chr(9), orig_code, dest_code, day, price), 0)) AS hash
    INTO found FROM public.raw_prices JOIN public.lanes ON lanes.id = raw_prices.lane_id;
    IF expected IS DISTINCT FROM found THEN
        PERFORM public.backfill_prices();
    END IF;
END
$$;

-- A reader that holds its transaction open would let everybody behind this lock wait as long as itself, so the lock is
-- asked for in short turns: others wait 20 ms at most, and get 40 ms to go on between two turns. ports stands here
-- because the foreign keys that go with the table end there.
DO $$
BEGIN
    SET LOCAL lock_timeout = '20ms';
    FOR turn IN 1..2000 LOOP
        BEGIN
            LOCK TABLE public.ports, public.prices IN ACCESS EXCLUSIVE MODE;
            SET LOCAL lock_timeout = DEFAULT;
            RETURN;
        EXCEPTION WHEN lock_not_available THEN
            PERFORM pg_sleep(0.04);
        END;
    END LOOP;
    RAISE EXCEPTION 'prices was in use for two minutes without a pause of 20 ms'
        USING HINT = 'End the transactions that hold it (pg_stat_activity), then migrate again.';
END
$$;

DROP FUNCTION public.backfill_prices();
DROP TABLE public.prices;
CREATE VIEW public.prices AS
SELECT lanes.orig_code, lanes.dest_code, raw_prices.day, raw_prices.price
FROM public.raw_prices JOIN public.lanes ON lanes.id = raw_prices.lane_id;
