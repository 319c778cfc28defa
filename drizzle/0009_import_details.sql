-- expand: what a file is, and what became of rows beside imported and rejected
ALTER TABLE "task_import_blocks" ADD COLUMN "skipped_rows" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "task_imports" ADD COLUMN "rows_updated" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "task_imports" ADD COLUMN "rows_skipped" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "task_imports" ADD COLUMN "source" text DEFAULT 'generic' NOT NULL;--> statement-breakpoint
ALTER TABLE "task_imports" ADD COLUMN "warnings" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "task_imports" ADD COLUMN "on_conflict" text;