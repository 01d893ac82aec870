-- Backfill: the prices of the dump, once more in the working shape. Readers of `prices` go on; writers wait.

SELECT set_config('role', tableowner, true) FROM pg_catalog.pg_tables WHERE schemaname = 'public' AND tablename = 'ports';

-- Fills the working tables from `prices`. A function, because the next migration calls it once more where prices were
-- written in between.
CREATE FUNCTION public.backfill_prices() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    TRUNCATE public.raw_prices, public.lane_months;
    INSERT INTO public.lanes (orig_code, dest_code)
    SELECT DISTINCT orig_code, dest_code FROM public.prices ORDER BY orig_code, dest_code
    ON CONFLICT DO NOTHING;
    INSERT INTO public.raw_prices (lane_id, day, price)
    SELECT lanes.id, prices.day, prices.price FROM public.prices JOIN public.lanes USING (orig_code, dest_code);
    INSERT INTO public.lane_months (lane_id, month, days, counts, sums)
    SELECT lane_id, date_trunc('month', day::timestamp)::date,
        array_agg(day ORDER BY day), array_agg(count ORDER BY day), array_agg(sum ORDER BY day)
    FROM (
        SELECT lane_id, day, count(*)::integer AS count, sum(price) AS sum
        FROM public.raw_prices GROUP BY lane_id, day
    ) AS daily
    GROUP BY 1, 2 ORDER BY 1, 2;
END
$$;

-- Writers of prices only.
LOCK TABLE public.prices IN SHARE MODE;
-- 1e6 rows are sorted and hashed in memory instead of in files.
SET LOCAL work_mem = '128MB';
SELECT public.backfill_prices();
ANALYZE public.lanes, public.raw_prices, public.lane_months, public.data_version;
