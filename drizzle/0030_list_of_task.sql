-- contract: the indexes of lists name another column, and the previous release would sort all that an owner has
-- Writes the table anew, which locks it meanwhile. Dropped first, the indexes are not written twice.
DROP STATISTICS "tasks_list_owner";--> statement-breakpoint
DROP INDEX "tasks_list_created";--> statement-breakpoint
DROP INDEX "tasks_list_updated";--> statement-breakpoint
DROP INDEX "tasks_list_due";--> statement-breakpoint
DROP INDEX "tasks_list_priority";--> statement-breakpoint
DROP INDEX "tasks_list_title";--> statement-breakpoint
DROP INDEX "tasks_list_position";--> statement-breakpoint
DROP INDEX "tasks_list_status";--> statement-breakpoint
DROP INDEX "tasks_list_trash";--> statement-breakpoint
ALTER TABLE "tasks" ADD COLUMN "list_id" uuid GENERATED ALWAYS AS (coalesce(project_id, owner_id)) STORED NOT NULL;--> statement-breakpoint
CREATE INDEX "tasks_list_created" ON "tasks" USING btree ("owner_id","list_id","created_at","id") WHERE "tasks"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "tasks_list_updated" ON "tasks" USING btree ("owner_id","list_id","updated_at","id") WHERE "tasks"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "tasks_list_due" ON "tasks" USING btree ("owner_id","list_id","due_date","id","status","priority","all_day") WHERE "tasks"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "tasks_list_priority" ON "tasks" USING btree ("owner_id","list_id","priority","id") WHERE "tasks"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "tasks_list_title" ON "tasks" USING btree ("owner_id","list_id",order_numbers(left(CASE WHEN octet_length("title") = char_length("title") THEN lower("title" COLLATE "C") ELSE fold_other_letters("title") END, 200)) collate "C","id") WHERE "tasks"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "tasks_list_position" ON "tasks" USING btree ("owner_id","list_id",coalesce("position", 'l' || lpad(to_hex(greatest(extract(epoch FROM "created_at" AT TIME ZONE 'UTC') * 1000, 0)::bigint), 12, '0') || replace("id"::text, '-', '') || '8') COLLATE "C","id") WHERE "tasks"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "tasks_list_status" ON "tasks" USING btree ("owner_id","list_id","status","created_at","id") WHERE "tasks"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "tasks_list_trash" ON "tasks" USING btree ("owner_id","list_id","created_at","id") WHERE "tasks"."deleted_at" is not null;--> statement-breakpoint
-- The owner follows from the list: without it PostgreSQL takes the two for independent, and expects hardly any row.
CREATE STATISTICS "tasks_list_owner" (dependencies) ON owner_id, list_id FROM tasks;--> statement-breakpoint
ANALYZE "tasks";
