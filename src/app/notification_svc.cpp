#include "app/auth_part.hpp"
#include "app/folder_locks.hpp"
#include "app/notification_part.hpp"
#include "app/topic_service.hpp"

namespace nearline::app {
namespace {

struct Options {
    TopicServiceOptions service;
    UsersOptions users;
    MailOptions mail;
};

int serve(const Options& options) {
    FolderLocks locks;
    locks.hold_file(options.users.users);
    TopicService service(options.service, "nearline-notification");
    const auto users = open_users(options.users);
    NotificationPart notification(service.process, service.ready, options.mail, options.users, options.service.topics,
                                  service.stream_name, *service.stream, *service.registry, *users);
    return service.run(notification);
}

int main(int argc, const char* const* argv) {
    Options options;
    options.users.users = "sqlite:./data/users.db";
    options.mail.mail = "file:./data/mail";
    Settings settings(
        "notification-svc",
        "Mails users their predictions, which it reads from the output topic, once each. Part of Nearline; any number "
        "of them share the work.");
    declare(settings, options.mail, options.service.topics);
    declare(settings, options.users);
    declare(settings, options.service, "NEARLINE_NOTIFICATION_PORT", 9103);
    return load_and_serve(settings, argc, argv, options.service.process, [&] { return serve(options); });
}

}  // namespace
}  // namespace nearline::app

int main(int argc, char** argv) {
    return nearline::app::guarded("notification-svc", [&] { return nearline::app::main(argc, argv); });
}
