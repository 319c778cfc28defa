-- expand
-- Apart from the columns, so that readers do not wait for it. Of the events of before, it holds none.
CREATE INDEX IF NOT EXISTS "task_events_feed" ON "task_events" USING btree ("list_id","position","id") WHERE "task_events"."list_id" is not null;
