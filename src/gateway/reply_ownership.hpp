#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace nearline::gateway {

/// Which partitions of the output topic this gateway reads, and on which of them it asks for answers.
///
/// Correct by one rule: an answer is asked for only on a partition that is being read already, from an
/// offset that was known before. What the consumer group says only saves reading: a partition is read
/// while it is owned, while an answer on it is still awaited, or, when nothing owned is being read (yet,
/// or because there are more gateways than partitions), as the one borrowed partition.
///
/// The shell does what changes() says: looks up the end of a log and then calls found(), or stops reading.
/// No I/O; not thread-safe.
class ReplyOwnership {
public:
    /// `seed` decides which partition is borrowed first, so that gateways don't all borrow the same one.
    explicit ReplyOwnership(std::uint64_t seed = 0) noexcept : random_(seed) {}

    /// The output topic has so many partitions: now something can be borrowed.
    void set_partitions(int count);

    /// The consumer group gives these, and no others, to this gateway.
    void own(const std::set<int>& partitions);

    struct Changes {
        std::vector<int> look_up{};  ///< find out where the log ends, then call found()
        std::vector<int> stop{};     ///< read them no longer
    };
    /// What is to be done since the last call.
    Changes changes();

    /// The end of the partition's log is known. True: it counts as being read from there on; the reading
    /// has to start before anything is asked for on it. False: nobody wants it any more.
    bool found(int partition);

    /// The end of the partition's log could not be found out. A borrowed partition is changed for another.
    /// Whether this one is still wanted: try again later.
    bool failed(int partition);

    /// The topic was made anew: what was known of the ends of its logs holds no more. All that is wanted has to be
    /// looked up again; nothing is to be stopped, since the reading itself begins anew.
    void begin_anew();

    /// The partition on which to ask for the next answer; nothing while none is being read. Stays with one
    /// for a while, so that answers can travel in batches, then goes on to the next.
    std::optional<int> choose();

    /// An answer is asked for on this partition; it is read until as many are released.
    /// Precondition: choose() gave it, with no other call in between.
    void await(int partition);
    void release(int partition);

    /// Owned and being read.
    std::size_t owned() const noexcept;
    /// Read only because answers are still awaited there.
    std::size_t awaited() const noexcept;
    bool borrowing() const noexcept { return borrowed_.has_value(); }
    /// Partitions that are being read.
    std::set<int> reading() const;

    /// How many requests choose() gives the same partition to.
    static constexpr int requests_in_a_row = 64;

private:
    enum class Phase { looking_up, reading };

    bool wanted(int partition) const;
    bool is_reading(int partition) const;
    void settle();
    void borrow_if_needed();
    std::uint64_t random() noexcept;

    std::uint64_t random_;
    int count_ = 0;
    std::set<int> owned_;
    std::map<int, std::size_t> awaited_;
    std::optional<int> borrowed_;
    std::map<int, Phase> phases_;
    std::vector<int> usable_;  // owned and read, else the borrowed one if it is read
    std::size_t next_ = 0;
    int in_a_row_ = 0;
    Changes changes_;
};

}  // namespace nearline::gateway
