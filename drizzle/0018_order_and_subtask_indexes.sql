-- contract: the previous release sorts the tasks of all users by indexes that go
-- Apart from the columns, so that readers do not wait for them and they can be built ahead.
CREATE INDEX IF NOT EXISTS "tasks_list_position" ON "tasks" USING btree ("owner_id",coalesce("project_id", "owner_id"),coalesce("position", 'l' || lpad(to_hex(greatest(extract(epoch FROM "created_at" AT TIME ZONE 'UTC') * 1000, 0)::bigint), 12, '0') || replace("id"::text, '-', '') || '8') COLLATE "C","id") WHERE "tasks"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "tasks_subtasks" ON "tasks" USING btree ("owner_id","parent_id") WHERE "tasks"."parent_id" is not null;--> statement-breakpoint
DROP INDEX IF EXISTS "tasks_all_priority";--> statement-breakpoint
DROP INDEX IF EXISTS "tasks_all_title";
