-- expand
ALTER TABLE "task_import_blocks" ADD COLUMN "errors_total" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "task_imports" ADD COLUMN "errors_total" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
UPDATE task_imports
SET errors_total = stored.errors
FROM (
  SELECT owner_id, import_id, count(*)::integer AS errors
  FROM task_import_errors
  GROUP BY owner_id, import_id
) AS stored
WHERE task_imports.owner_id = stored.owner_id AND task_imports.id = stored.import_id;
