-- expand: subtasks, a manual order and comments
CREATE TABLE "task_comments" (
	"owner_id" uuid NOT NULL,
	"task_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"author_id" uuid NOT NULL,
	"body" text NOT NULL,
	"mentions" uuid[] NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"edited_at" timestamp(3) with time zone,
	CONSTRAINT "task_comments_owner_id_task_id_id_pk" PRIMARY KEY("owner_id","task_id","id")
);
--> statement-breakpoint
ALTER TABLE "tasks" ADD COLUMN "parent_id" uuid;--> statement-breakpoint
ALTER TABLE "tasks" ADD COLUMN "position" text;--> statement-breakpoint
ALTER TABLE "tasks" ADD COLUMN "comment_count" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "task_comments" ADD CONSTRAINT "task_comments_owner_id_task_id_tasks_owner_id_id_fk" FOREIGN KEY ("owner_id","task_id") REFERENCES "public"."tasks"("owner_id","id") ON DELETE cascade ON UPDATE cascade;