-- Pushed events, and what is counted of them in the same transaction. Nothing here touches what is there already.

SELECT set_config('role', tableowner, true) FROM pg_catalog.pg_tables WHERE schemaname = 'public' AND tablename = 'ports';

-- One row for each event, whatever became of it. The hash is what makes a second sending a duplicate, and its index is
-- the only unique one. A payload is kept as it was sent: json, unlike jsonb, keeps digits and order.
CREATE TABLE public.events (
    hash bytea NOT NULL,
    id uuid NOT NULL,
    client_id text,
    metric text NOT NULL,
    amount numeric,
    occurred_at timestamp with time zone NOT NULL,
    received_at timestamp with time zone NOT NULL,
    processed_at timestamp with time zone NOT NULL DEFAULT now(),
    status text NOT NULL,
    reason text,
    payload json NOT NULL,
    CONSTRAINT events_pkey PRIMARY KEY (hash),
    CONSTRAINT events_status_check CHECK (status IN ('processed', 'rejected', 'failed')),
    CONSTRAINT events_whole_check CHECK (status = 'rejected' OR (client_id IS NOT NULL AND amount IS NOT NULL))
);
COMMENT ON COLUMN public.events.occurred_at IS 'the client''s time; where it sent none, the time of receipt';
COMMENT ON COLUMN public.events.status IS 'processed is counted; rejected and failed are kept for audit alone';
-- The orders in which events are listed, with what they are selected by, so that what a page passes over is read from the
-- index alone. Audit rows are few, so they have an index of their own.
CREATE INDEX events_by_time ON public.events (occurred_at, id) INCLUDE (status);
CREATE INDEX events_by_client ON public.events (client_id, occurred_at, id) INCLUDE (status);
CREATE INDEX events_audited ON public.events (status, occurred_at, id) WHERE status <> 'processed';

-- The rollup. Audit rows have a count and no amounts; an event without a client has ''. What an update writes is in no
-- index, so with room on the page it costs no index entry.
CREATE TABLE public.event_hours (
    client_id text NOT NULL,
    metric text NOT NULL,
    hour timestamp with time zone NOT NULL,
    status text NOT NULL,
    count bigint NOT NULL,
    sum numeric,
    min numeric,
    max numeric,
    CONSTRAINT event_hours_pkey PRIMARY KEY (client_id, hour, metric, status)
) WITH (fillfactor = 70);
CREATE INDEX event_hours_by_hour ON public.event_hours (hour);

-- How many events there are by hour and by minute, so that a page far down the list is found without a look at those
-- before it. All writers meet on the rows of the present hour and minute, hence half of each page is room.
CREATE TABLE public.event_counts (
    seconds smallint NOT NULL,
    start timestamp with time zone NOT NULL,
    status text NOT NULL,
    count bigint NOT NULL,
    CONSTRAINT event_counts_pkey PRIMARY KEY (seconds, start, status)
) WITH (fillfactor = 50);
COMMENT ON COLUMN public.event_counts.seconds IS '3600 for an hour, 60 for a minute';
