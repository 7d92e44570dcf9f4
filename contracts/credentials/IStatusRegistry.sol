// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Which credentials have left force, one bit each
/// @notice A list belongs to an issuer. Its batches take counters in order; the issuer maps a counter to a status index
/// by a secret permutation. Bits stand in words of 256, least significant first. A revoked credential never comes back
/// unless the Alliance voted so; a suspended one is reinstated explicitly.
interface IStatusRegistry {
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
    /// @notice The account is no ISSUE operator of the list's issuer now.
    error StatusRegistryCannotHold(uint32 list, address account);
    /// @notice The next counter of the list is `next`: another batch was first.
    error CounterMoved(uint32 next);
    /// @notice The list has room for `room` more.
    error StatusRegistryListFull(uint32 list, uint32 room);
    /// @notice The caller is no STATUS operator of the institution that keeps `list` now.
    error StatusRegistryNotKeeper(uint32 list, address caller);
    /// @notice The list has no such index.
    error StatusRegistryIndexOutOfBounds(uint32 list, uint32 index);
    /// @notice The word at `position` lies outside the list.
    error StatusRegistryWordOutOfBounds(uint256 position, uint32 wordIndex);
    /// @notice Words and masks differ in number.
    error StatusRegistryLengthMismatch(uint256 words, uint256 masks);
    /// @notice Reasons are coarse: 0 to 3.
    error StatusRegistryReasonOutOfBounds(uint8 reason);
    /// @notice The credential has that status already.
    error StatusRegistryUnchanged(uint32 list, uint32 index);
    /// @notice A predecessor's list numbers end before this one's begin.
    error StatusRegistryFirstListZero();
    /// @notice There is no such institution.
    error StatusRegistryUnknownInstitution(uint32 institution);

    /// @notice Only the contract that the Directory names Disputes gives remedies.
    error StatusRegistryNotDisputes(address caller);
    /// @notice The dispute has had its remedy.
    error StatusRegistryRemedied(bytes32 dispute);
    /// @notice No such leaf stands at that index of the batch.
    error StatusRegistryNotInBatch(bytes32 batchId, uint32 leafIndex);

    /// @notice A list was opened by its issuer's operator `holder`.
    event ListOpened(uint32 indexed list, uint32 indexed issuer, uint8 log2size, uint16 holder);
    /// @notice From now on the issuer's operator `holder` fills the list; `by` is an ADMIN or the Alliance.
    event ListHandedOver(uint32 indexed list, uint16 indexed holder, address indexed by);
    /// @notice A batch took the next counters of a list.
    /// @param list The list.
    /// @param holder The issuer's operator that anchored it.
    /// @param first The first counter.
    /// @param size How many.
    event ListAdvanced(uint32 indexed list, uint16 indexed holder, uint32 first, uint32 size);
    /// @notice A dispute ended with the revocation of one credential; `by` is the contract that decided it.
    event DisputeRemedied(
        bytes32 indexed dispute, uint32 indexed list, uint32 index, bytes32 indexed batchId, address by
    );
    event CustodianNamed(uint32 indexed list, uint32 indexed custodian, bytes32 indexed document);
    /// @notice The credential at `index` of `list` has left force for good.
    event CredentialRevoked(uint32 indexed list, uint32 indexed index, uint8 reason);
    /// @notice The credential at `index` of `list` is out of force until it is reinstated.
    event CredentialSuspended(uint32 indexed list, uint32 indexed index, uint8 reason);
    /// @notice The credential at `index` of `list` is no longer suspended.
    event CredentialReinstated(uint32 indexed list, uint32 indexed index, uint8 reason);
    /// @notice The bits of `mask` in that word were not revoked before, and are now.
    event WordsRevoked(uint32 indexed list, uint32 indexed wordIndex, uint256 mask, uint8 reason);
    event WordsSuspended(uint32 indexed list, uint32 indexed wordIndex, uint256 mask, uint8 reason);
    event WordsReinstated(uint32 indexed list, uint32 indexed wordIndex, uint256 mask, uint8 reason);
    /// @notice The Alliance took the revocations of `mask` in that word back.
    event RevocationsCleared(uint32 indexed list, uint32 indexed wordIndex, uint256 mask, bytes32 indexed document);

    /// @notice Open a list of 2^log2size entries for the caller's institution. ISSUE of a recognised issuer only. The
    /// caller fills it, and no other account until it is handed over.
    /// @return list Numbers count from the predecessor's last, and are never used again.
    function openList(uint8 log2size) external returns (uint32 list);

    /// @notice Take the counters first ... first + size - 1 for a batch. The current CredentialBatches only, for the
    /// list's holder.
    /// @param operatorIndex The issuer's operator that anchors.
    function advance(uint32 list, uint32 issuer, uint16 operatorIndex, uint32 first, uint32 size) external;

    /// @notice Let another ISSUE account of the issuer fill the list. ADMIN of the issuer, or the Alliance.
    function handOver(uint32 list, address account) external;

    /// @notice Revoke one credential. STATUS of the list's issuer, or of its custodian while the issuer is not
    /// recognised; so for all that follow.
    function revoke(uint32 list, uint32 index, uint8 reason) external;

    function suspend(uint32 list, uint32 index, uint8 reason) external;

    function reinstate(uint32 list, uint32 index, uint8 reason) external;

    /// @notice Revoke the masks' bits in the words. Bits already revoked are no error; events tell what changed.
    function revokeWords(uint32 list, uint32[] calldata wordIndexes, uint256[] calldata masks, uint8 reason) external;

    function suspendWords(uint32 list, uint32[] calldata wordIndexes, uint256[] calldata masks, uint8 reason) external;

    function reinstateWords(uint32 list, uint32[] calldata wordIndexes, uint256[] calldata masks, uint8 reason)
        external;

    /// @notice Take revocations back: the remedy against a stolen key. Alliance only.
    function clearRevocations(
        uint32 list,
        uint32[] calldata wordIndexes,
        uint256[] calldata masks,
        bytes32 document
    ) external;

    /// @notice Revoke one credential as the remedy of a dispute, once per dispute. Only the contract that the Directory
    /// names Disputes. List and status index are those of the leaf, which the batch's own contract must find in it.
    /// @param dispute The dispute, by the number or hash that Disputes gave it.
    /// @param batchesVersion Version of CredentialBatches in the Directory that recorded the batch.
    /// @param batchId The batch.
    /// @param leafInput The credential's leaf, 142 bytes.
    /// @param leafIndex Where it stands in the batch.
    /// @param path Its inclusion proof.
    /// @param reason 0 to 3.
    function remedy(
        bytes32 dispute,
        uint16 batchesVersion,
        bytes32 batchId,
        bytes calldata leafInput,
        uint32 leafIndex,
        bytes32[] calldata path,
        uint8 reason
    ) external;

    /// @notice Name the institution that keeps the list while its issuer is not recognised; 0: none. Alliance only.
    function setCustodian(uint32 list, uint32 custodian, bytes32 document) external;

    function listOf(uint32 number) external view returns (List memory);

    /// @notice The number that the next list will have.
    function nextList() external view returns (uint32);

    function statusOf(uint32 list, uint32 index) external view returns (bool revoked, bool suspended);

    /// @notice `count` words of both bitmaps, from word `from` on.
    function words(uint32 list, uint32 from, uint32 count)
        external
        view
        returns (uint256[] memory revoked, uint256[] memory suspended);

    function operators() external view returns (address);

    function directory() external view returns (address);
}
