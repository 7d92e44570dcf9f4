// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Status lists: who opened them, who fills them, who keeps them
/// @notice A list belongs to an issuer, and is filled by one of its accounts. Its batches take counters in order; the
/// issuer maps a counter to a status index by a secret permutation.
interface IStatusLists {
    /// @notice A list. One slot.
    struct List {
        uint32 issuer;
        uint8 log2size;
        uint40 openedAt;
        uint32 next; // counter that the next batch begins with
        uint32 custodian; // institution that keeps the list while its issuer is not recognised; 0: none
        uint16 holder; // operator index of the account that fills the list: who opened it, or who it was handed to
    }

    /// @notice A list has between 2^17 and 2^24 entries.
    error StatusRegistrySizeOutOfBounds(uint8 log2size);
    /// @notice There is no such list.
    error StatusRegistryUnknownList(uint32 list);
    /// @notice The caller is no ISSUE operator of any institution.
    error StatusRegistryNotIssueOperator(address caller);
    /// @notice The institution is not recognised as an issuer now.
    error StatusRegistryNotRecognised(uint32 institution);
    /// @notice The Directory names another contract: this one opens no more lists.
    error StatusRegistryNotCurrent(address current);
    /// @notice Only the CredentialBatches that the Directory names advances a list.
    error StatusRegistryNotBatches(address caller);
    /// @notice The list is another issuer's.
    error StatusRegistryNotIssuer(uint32 list, uint32 institution);
    /// @notice The list is filled by the issuer's operator `holder`, and by no other account.
    error StatusRegistryNotHolder(uint32 list, uint16 holder);
    /// @notice The caller is neither ADMIN of the list's issuer nor the Alliance.
    error StatusRegistryNotAdmin(uint32 list, address caller);
    /// @notice The ADMIN is frozen until that second: it hands no list over.
    error StatusRegistryAdminFrozen(address admin, uint40 until);
    /// @notice The account is no ISSUE operator of the list's issuer now.
    error StatusRegistryCannotHold(uint32 list, address account);
    /// @notice The next counter of the list is `next`: another batch was first.
    error CounterMoved(uint32 next);
    /// @notice The list has room for `room` more.
    error StatusRegistryListFull(uint32 list, uint32 room);
    /// @notice A predecessor's list numbers end before this one's begin.
    error StatusRegistryFirstListZero();
    /// @notice There is no such institution.
    error StatusRegistryUnknownInstitution(uint32 institution);
    /// @notice The caller is no STATUS operator of the institution that keeps `list` now.
    error StatusRegistryNotKeeper(uint32 list, address caller);
    /// @notice Reasons are coarse: 0 to 3.
    error StatusRegistryReasonOutOfBounds(uint8 reason);

    /// @notice A list was opened.
    /// @param list The list.
    /// @param issuer Whose it is.
    /// @param log2size It has 2^log2size entries.
    /// @param holder Index of the issuer's operator that opened it and fills it.
    event ListOpened(uint32 indexed list, uint32 indexed issuer, uint8 log2size, uint16 holder);
    /// @notice Another account of the issuer fills the list from now on.
    /// @param list The list.
    /// @param holder Its index among the issuer's operators.
    /// @param by An ADMIN of the issuer, or the Alliance.
    event ListHandedOver(uint32 indexed list, uint16 indexed holder, address indexed by);
    /// @notice A batch took the next counters of a list.
    /// @param list The list.
    /// @param holder The issuer's operator that anchored it.
    /// @param first The first counter.
    /// @param size How many.
    event ListAdvanced(uint32 indexed list, uint16 indexed holder, uint32 first, uint32 size);
    /// @notice The Alliance said who keeps a list while its issuer is not recognised.
    /// @param list The list.
    /// @param custodian The institution; 0: none.
    /// @param document Hash of the document that explains it.
    event CustodianNamed(uint32 indexed list, uint32 indexed custodian, bytes32 indexed document);

    /// @notice Open a list of 2^log2size entries for the caller's institution. ISSUE of a recognised issuer only. The
    /// caller fills it, and no other account until it is handed over.
    /// @param log2size 17 to 24.
    /// @return list Numbers count from the predecessor's last, and are never used again.
    function openList(uint8 log2size) external returns (uint32 list);

    /// @notice Take the counters first ... first + size - 1 for a batch. The current CredentialBatches only, for the
    /// list's holder.
    /// @param list The list.
    /// @param issuer Whose batch it is.
    /// @param operatorIndex The issuer's operator that anchors.
    /// @param first The first counter: the list's next.
    /// @param size How many.
    function advance(uint32 list, uint32 issuer, uint16 operatorIndex, uint32 first, uint32 size) external;

    /// @notice Let another ISSUE account of the issuer fill the list. ADMIN of the issuer, if not frozen, or the Alliance.
    /// @param list The list.
    /// @param account An ISSUE account of the issuer.
    function handOver(uint32 list, address account) external;

    /// @notice Name the institution that keeps the list while its issuer is not recognised; 0: none. Alliance only.
    /// @param list The list.
    /// @param custodian The institution; 0: none.
    /// @param document Hash of the document that explains it.
    function setCustodian(uint32 list, uint32 custodian, bytes32 document) external;

    /// @notice A list's record.
    /// @param number The list.
    /// @return The slot; zeros where there is no such list.
    function listOf(uint32 number) external view returns (List memory);

    /// @notice The number that the next list will have.
    /// @return A number that no list of any version has.
    function nextList() external view returns (uint32);

    /// @notice The contract that says who acts for which institution.
    /// @return Its address.
    function operators() external view returns (address);

    /// @notice The Directory that names the contracts which are asked.
    /// @return Its address.
    function directory() external view returns (address);
}
