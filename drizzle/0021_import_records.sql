-- expand: what an import made beside tasks
ALTER TABLE "task_imports" ADD COLUMN "projects_created" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "task_imports" ADD COLUMN "projects_rejected" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "task_imports" ADD COLUMN "comments_created" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "task_imports" ADD COLUMN "comments_rejected" integer DEFAULT 0 NOT NULL;