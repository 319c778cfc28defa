-- expand: imports into a project
ALTER TABLE "task_imports" ADD COLUMN "project_id" uuid;