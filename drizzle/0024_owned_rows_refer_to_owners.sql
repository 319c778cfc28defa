-- expand: every owner has a row, and owned rows refer to it
-- Waits for accounts that are being deleted, and passes over them. It locks no table.
INSERT INTO owners (owner_id) SELECT id FROM users FOR KEY SHARE ON CONFLICT DO NOTHING;--> statement-breakpoint
-- In the order in which requests lock them, before the accounts that all refer to.
LOCK TABLE "idempotency_keys", "task_imports", "tasks", "task_events" IN ACCESS EXCLUSIVE MODE;--> statement-breakpoint
-- What is there is looked at by the next migration, without keeping writers away.
ALTER TABLE "idempotency_keys"
	DROP CONSTRAINT "idempotency_keys_caller_id_users_id_fk",
	ADD CONSTRAINT "idempotency_keys_caller_id_owners_owner_id_fk" FOREIGN KEY ("caller_id") REFERENCES "public"."owners"("owner_id") ON DELETE cascade ON UPDATE no action NOT VALID;--> statement-breakpoint
ALTER TABLE "task_imports"
	DROP CONSTRAINT "task_imports_owner_id_users_id_fk",
	ADD CONSTRAINT "task_imports_owner_id_owners_owner_id_fk" FOREIGN KEY ("owner_id") REFERENCES "public"."owners"("owner_id") ON DELETE cascade ON UPDATE no action NOT VALID;--> statement-breakpoint
ALTER TABLE "tasks"
	DROP CONSTRAINT "tasks_owner_id_users_id_fk",
	ADD CONSTRAINT "tasks_owner_id_owners_owner_id_fk" FOREIGN KEY ("owner_id") REFERENCES "public"."owners"("owner_id") ON DELETE cascade ON UPDATE no action NOT VALID;--> statement-breakpoint
ALTER TABLE "task_events"
	DROP CONSTRAINT "task_events_owner_id_users_id_fk",
	ADD CONSTRAINT "task_events_owner_id_owners_owner_id_fk" FOREIGN KEY ("owner_id") REFERENCES "public"."owners"("owner_id") ON DELETE cascade ON UPDATE no action NOT VALID;
