-- expand
ALTER TABLE "tasks" ADD COLUMN "all_day" boolean DEFAULT false NOT NULL;