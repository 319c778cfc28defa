-- contract: the audit log has another index, and that of the previous release would read the whole history
DROP INDEX "task_events_created";--> statement-breakpoint
ALTER TABLE "task_events" ADD COLUMN "is_part" boolean DEFAULT false NOT NULL;--> statement-breakpoint
CREATE INDEX "task_events_audit" ON "task_events" USING btree ("created_at","id") WHERE not "task_events"."is_part";--> statement-breakpoint
CREATE INDEX "task_events_purged" ON "task_events" USING btree ("task_id") WHERE "task_events"."type" = 'task.purged';
