-- expand: who has given personal tasks to whom
CREATE TABLE "task_assigners" (
	"assignee_id" uuid NOT NULL,
	"owner_id" uuid NOT NULL,
	CONSTRAINT "task_assigners_assignee_id_owner_id_pk" PRIMARY KEY("assignee_id","owner_id")
);
--> statement-breakpoint
ALTER TABLE "task_assigners" ADD CONSTRAINT "task_assigners_assignee_id_users_id_fk" FOREIGN KEY ("assignee_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "task_assigners" ADD CONSTRAINT "task_assigners_owner_id_users_id_fk" FOREIGN KEY ("owner_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "task_assigners_owner" ON "task_assigners" USING btree ("owner_id");--> statement-breakpoint
-- Waits for accounts that are being deleted, and passes over them.
WITH pairs AS MATERIALIZED (
	SELECT DISTINCT assignee_id, owner_id
	FROM tasks
	WHERE assignee_id IS NOT NULL AND project_id IS NULL AND assignee_id <> owner_id
)
INSERT INTO task_assigners (assignee_id, owner_id)
SELECT p.assignee_id, p.owner_id
FROM pairs p
JOIN users a ON a.id = p.assignee_id
JOIN users o ON o.id = p.owner_id
FOR KEY SHARE OF a, o
ON CONFLICT DO NOTHING;
