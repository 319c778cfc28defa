-- expand: the foot of the owned tables
CREATE TABLE "owners" (
	"owner_id" uuid PRIMARY KEY NOT NULL
);
--> statement-breakpoint
ALTER TABLE "owners" ADD CONSTRAINT "owners_owner_id_users_id_fk" FOREIGN KEY ("owner_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
-- For instances of the previous release, which create accounts without it. A later release drops this.
CREATE FUNCTION add_owner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO owners (owner_id) VALUES (NEW.id) ON CONFLICT DO NOTHING;
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE TRIGGER users_add_owner AFTER INSERT ON "users" FOR EACH ROW EXECUTE FUNCTION add_owner();
