-- expand: writers go on meanwhile
ALTER TABLE "idempotency_keys" VALIDATE CONSTRAINT "idempotency_keys_caller_id_owners_owner_id_fk";--> statement-breakpoint
ALTER TABLE "task_imports" VALIDATE CONSTRAINT "task_imports_owner_id_owners_owner_id_fk";--> statement-breakpoint
ALTER TABLE "tasks" VALIDATE CONSTRAINT "tasks_owner_id_owners_owner_id_fk";--> statement-breakpoint
ALTER TABLE "task_events" VALIDATE CONSTRAINT "task_events_owner_id_owners_owner_id_fk";
