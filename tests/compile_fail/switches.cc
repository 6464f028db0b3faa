// A switch over an enum names every value and has no default, so that a new value is a build error
// at each place that must know it.
#include "core/mail/mail.h"

namespace parley::core {

int weight(MailRank rank) {
  switch (rank) {
    case MailRank::check_ip:
      return 1;
    case MailRank::check_user:
      return 2;
    case MailRank::to_home:
      return 3;
#if BAD != 1
    case MailRank::to_edge:
      return 4;
#endif
#if BAD == 1  // expect: enumeration value .to_edge. not handled
#elif BAD == \
    2  // expect: not handled|invalid conversion|cannot (convert|initialize)|could not convert
    case 7:
      return 5;
#endif
  }
  return 0;
}

}  // namespace parley::core
