-- Events pulled from the feed, and how far the pull is. Nothing here touches what is there already.

SELECT set_config('role', tableowner, true) FROM pg_catalog.pg_tables WHERE schemaname = 'public' AND tablename = 'ports';

-- An id is stored once, with the content it first came with. json, unlike jsonb, keeps digits and order as they were sent.
CREATE TABLE public.ingested_events (
    event_id text NOT NULL,
    occurred_at timestamp with time zone,
    payload json NOT NULL,
    ingested_at timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT ingested_events_pkey PRIMARY KEY (event_id)
);
COMMENT ON COLUMN public.ingested_events.occurred_at IS 'as far as it could be read; the payload has what was sent';

-- Checkpoints: a row for each part of the feed that is walked through from its newest event to its oldest, written in the
-- transaction that stores a page. What a row says is committed with the events that it speaks of, so it is always true.
CREATE TABLE public.ingestion_state (
    part integer NOT NULL,
    upstream text NOT NULL,
    since_ms bigint,
    until_ms bigint,
    source text,
    cursor text,
    previous_cursor text,
    low_water_ms bigint,
    is_broken boolean NOT NULL DEFAULT false,
    pages bigint NOT NULL DEFAULT 0,
    received bigint NOT NULL DEFAULT 0,
    stored bigint NOT NULL DEFAULT 0,
    nameless bigint NOT NULL DEFAULT 0,
    upstream_total bigint,
    completed_at timestamp with time zone,
    updated_at timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT ingestion_state_pkey PRIMARY KEY (part),
    CONSTRAINT ingestion_state_source_check CHECK (source IN ('stream', 'events'))
);
COMMENT ON COLUMN public.ingestion_state.part IS '0 speaks of the pull as a whole, the others of spans of time';
COMMENT ON COLUMN public.ingestion_state.low_water_ms IS 'everything of the part that is newer is stored; ms since 1970';
COMMENT ON COLUMN public.ingestion_state.is_broken IS 'whether the walk has lost its cursor and gone on by time';
