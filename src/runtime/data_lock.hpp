#pragma once

#include <map>
#include <optional>
#include <string>

namespace nearline {

/// Holds a data folder: embedded parts serve one process. The lock is the kernel's, on DIR/lock, so it ends
/// with the process however that ends; the file says who holds it.
class DataLock {
public:
    /// `alone`: nobody else has anything in the folder. `shared`: beside others who say the same, for databases
    /// that several processes may use at once.
    enum class Use { alone, shared };

    /// Who holds a folder, and what it says of itself (addresses by part: "auth" -> "http://…").
    struct Holder {
        long pid = 0;  ///< 0: unknown
        std::string program;
        std::map<std::string, std::string> addresses;
    };

    /// Makes the folder (mode 0700) where it is missing, and takes it; waits a second for a process that is about to
    /// end. Throws std::runtime_error that names the process in the way, or says why the folder can't be used.
    /// `program` is what it says of itself; empty: the executable's name.
    explicit DataLock(const std::string& folder, std::string program = {}, Use use = Use::alone);
    ~DataLock();
    DataLock(const DataLock&) = delete;
    DataLock& operator=(const DataLock&) = delete;

    /// Tells other processes where this one's parts are reached. For who holds it alone.
    void publish(const std::map<std::string, std::string>& addresses);

    /// Who holds the folder alone now; nothing where nobody does, or it is not there. Takes nothing itself.
    static std::optional<Holder> holder(const std::string& folder);

    /// The file in the folder that carries the lock.
    static constexpr const char* file_name = "lock";

private:
    bool take_place(int file) const;
    void write(const std::map<std::string, std::string>& addresses, int file) const;

    std::string program_;
    int file_ = -1;
};

}  // namespace nearline
