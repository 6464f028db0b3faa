#include "core/classic/wording.h"

namespace parley::core {

void complain(EdgeSession& session, const Complaint& complaint) {
  ValueWriter& w = session.encoder().begin("error", Stamped::no);
  w.key("code");
  w.string(complaint.code);
  w.key("message");
  w.string(complaint.text);
  if (complaint.retry_after.ns > 0) {
    w.key("retryAfter");
    w.integer((complaint.retry_after.ns + 999'999) / 1'000'000);
  }
  if (!complaint.room.empty()) {
    w.key("room");
    w.string(complaint.room);
  }
  if (!complaint.tag.empty()) {
    w.key("id");
    w.string(complaint.tag);
  }
  session.reply_error(session.encoder().finish());
}

void write_user(ValueWriter& w, const IdentityView& identity) {
  w.begin_object();
  w.key("id");
  w.string(identity.id);
  w.key("username");
  w.string(identity.name);
  if (identity.guest) {
    w.key("guest");
    w.boolean(true);
  }
  w.end_object();
}

}  // namespace parley::core
