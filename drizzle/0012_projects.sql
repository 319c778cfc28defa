-- contract: lists of tasks have other indexes, and the previous release would read whole tables
CREATE TYPE "public"."project_member_role" AS ENUM('viewer', 'editor', 'admin');--> statement-breakpoint
CREATE TABLE "project_members" (
	"owner_id" uuid NOT NULL,
	"project_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"role" "project_member_role" NOT NULL,
	"added_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "project_members_owner_id_project_id_user_id_pk" PRIMARY KEY("owner_id","project_id","user_id")
);
--> statement-breakpoint
CREATE TABLE "projects" (
	"owner_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"name" text NOT NULL,
	"description" text,
	"color" text,
	"archived" boolean DEFAULT false NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp(3) with time zone,
	"tasks_pending" boolean DEFAULT false NOT NULL,
	CONSTRAINT "projects_owner_id_id_pk" PRIMARY KEY("owner_id","id")
);
--> statement-breakpoint
DROP INDEX IF EXISTS "tasks_created";--> statement-breakpoint
DROP INDEX IF EXISTS "tasks_updated";--> statement-breakpoint
DROP INDEX IF EXISTS "tasks_due";--> statement-breakpoint
DROP INDEX IF EXISTS "tasks_priority";--> statement-breakpoint
DROP INDEX IF EXISTS "tasks_title";--> statement-breakpoint
DROP INDEX IF EXISTS "tasks_status";--> statement-breakpoint
DROP INDEX IF EXISTS "tasks_trash";--> statement-breakpoint
ALTER TABLE "tasks" ADD COLUMN "project_id" uuid;--> statement-breakpoint
ALTER TABLE "tasks" ADD COLUMN "created_by" uuid;--> statement-breakpoint
ALTER TABLE "tasks" ADD COLUMN "deleted_with" uuid;--> statement-breakpoint
ALTER TABLE "project_members" ADD CONSTRAINT "project_members_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "project_members" ADD CONSTRAINT "project_members_owner_id_project_id_projects_owner_id_id_fk" FOREIGN KEY ("owner_id","project_id") REFERENCES "public"."projects"("owner_id","id") ON DELETE cascade ON UPDATE cascade;--> statement-breakpoint
ALTER TABLE "projects" ADD CONSTRAINT "projects_owner_id_users_id_fk" FOREIGN KEY ("owner_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "project_members_user" ON "project_members" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "projects_id" ON "projects" USING btree ("id");--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "projects_created" ON "projects" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "projects_updated" ON "projects" USING btree ("updated_at","id");--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "projects_name" ON "projects" USING btree (left(CASE WHEN octet_length("name") = char_length("name") THEN lower("name" COLLATE "C") ELSE fold_other_letters("name") END, 200) collate "C","id");--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "projects_trash" ON "projects" USING btree ("deleted_at") WHERE "projects"."deleted_at" is not null;--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "projects_pending" ON "projects" USING btree ("id") WHERE "projects"."tasks_pending";--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "tasks_list_created" ON "tasks" USING btree ("owner_id",coalesce("project_id", "owner_id"),"created_at","id") WHERE "tasks"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "tasks_list_updated" ON "tasks" USING btree ("owner_id",coalesce("project_id", "owner_id"),"updated_at","id") WHERE "tasks"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "tasks_list_due" ON "tasks" USING btree ("owner_id",coalesce("project_id", "owner_id"),"due_date","id") WHERE "tasks"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "tasks_list_priority" ON "tasks" USING btree ("owner_id",coalesce("project_id", "owner_id"),"priority","id") WHERE "tasks"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "tasks_list_title" ON "tasks" USING btree ("owner_id",coalesce("project_id", "owner_id"),left(CASE WHEN octet_length("title") = char_length("title") THEN lower("title" COLLATE "C") ELSE fold_other_letters("title") END, 200) collate "C","id") WHERE "tasks"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "tasks_list_status" ON "tasks" USING btree ("owner_id",coalesce("project_id", "owner_id"),"status","created_at","id") WHERE "tasks"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "tasks_list_trash" ON "tasks" USING btree ("owner_id",coalesce("project_id", "owner_id"),"created_at","id") WHERE "tasks"."deleted_at" is not null;--> statement-breakpoint
-- A list has one owner: without this PostgreSQL expects a fraction of the rows where a statement names both.
CREATE STATISTICS IF NOT EXISTS "tasks_list_owner" (dependencies) ON owner_id, (coalesce(project_id, owner_id)) FROM tasks;
