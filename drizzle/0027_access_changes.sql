-- expand: whose access has changed
CREATE TABLE "access_changes" (
	"position" bigint DEFAULT next_change_position() NOT NULL,
	"user_id" uuid NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "access_changes_position_user_id_pk" PRIMARY KEY("position","user_id")
);
