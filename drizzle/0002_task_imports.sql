CREATE TYPE "public"."task_import_status" AS ENUM('receiving', 'queued', 'running', 'succeeded', 'failed', 'cancelled');--> statement-breakpoint
CREATE TABLE "task_import_blocks" (
	"owner_id" uuid NOT NULL,
	"import_id" uuid NOT NULL,
	"block_no" integer NOT NULL,
	"rows_good" integer NOT NULL,
	"rows_bad" integer NOT NULL,
	"tasks" jsonb NOT NULL,
	"errors" jsonb NOT NULL,
	CONSTRAINT "task_import_blocks_owner_id_import_id_block_no_pk" PRIMARY KEY("owner_id","import_id","block_no")
);
--> statement-breakpoint
CREATE TABLE "task_import_errors" (
	"owner_id" uuid NOT NULL,
	"import_id" uuid NOT NULL,
	"row" integer NOT NULL,
	"column" text NOT NULL,
	"code" text NOT NULL,
	"message" text NOT NULL,
	"value" text,
	CONSTRAINT "task_import_errors_owner_id_import_id_row_column_pk" PRIMARY KEY("owner_id","import_id","row","column")
);
--> statement-breakpoint
CREATE TABLE "task_imports" (
	"owner_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"status" "task_import_status" NOT NULL,
	"file_name" text NOT NULL,
	"dry_run" boolean NOT NULL,
	"rows_total" integer DEFAULT 0 NOT NULL,
	"rows_processed" integer DEFAULT 0 NOT NULL,
	"rows_imported" integer DEFAULT 0 NOT NULL,
	"rows_rejected" integer DEFAULT 0 NOT NULL,
	"ignored_columns" text[] DEFAULT '{}' NOT NULL,
	"request_id" text NOT NULL,
	"problem" jsonb,
	"worker_id" uuid,
	"leased_until" timestamp(3) with time zone,
	"served_at" timestamp(3) with time zone,
	"failures" integer DEFAULT 0 NOT NULL,
	"is_staged" boolean DEFAULT true NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp(3) with time zone,
	"finished_at" timestamp(3) with time zone,
	CONSTRAINT "task_imports_owner_id_id_pk" PRIMARY KEY("owner_id","id")
);
--> statement-breakpoint
ALTER TABLE "task_import_blocks" ADD CONSTRAINT "task_import_blocks_owner_id_import_id_task_imports_owner_id_id_fk" FOREIGN KEY ("owner_id","import_id") REFERENCES "public"."task_imports"("owner_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "task_import_errors" ADD CONSTRAINT "task_import_errors_owner_id_import_id_task_imports_owner_id_id_fk" FOREIGN KEY ("owner_id","import_id") REFERENCES "public"."task_imports"("owner_id","id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "task_imports" ADD CONSTRAINT "task_imports_owner_id_users_id_fk" FOREIGN KEY ("owner_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "task_imports_created" ON "task_imports" USING btree ("owner_id","created_at","id") WHERE "task_imports"."status" <> 'receiving';--> statement-breakpoint
CREATE UNIQUE INDEX "task_imports_running" ON "task_imports" USING btree ("owner_id") WHERE "task_imports"."status" = 'running';--> statement-breakpoint
CREATE INDEX "task_imports_unfinished" ON "task_imports" USING btree ("created_at") WHERE "task_imports"."finished_at" is null;--> statement-breakpoint
CREATE INDEX "task_imports_served" ON "task_imports" USING btree ("owner_id","served_at");--> statement-breakpoint
CREATE INDEX "task_imports_finished" ON "task_imports" USING btree ("finished_at");--> statement-breakpoint
CREATE INDEX "task_imports_left" ON "task_imports" USING btree ("finished_at") WHERE "task_imports"."is_staged";