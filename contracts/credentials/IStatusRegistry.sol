// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IStatusLists} from "./IStatusLists.sol";

/// @title Which credentials have left force, one bit each
/// @notice Bits stand in words of 256, least significant first. A revoked credential never comes back unless the Alliance
/// voted so; a suspended one is reinstated explicitly.
interface IStatusRegistry is IStatusLists {
    /// @notice The list has no such index.
    error StatusRegistryIndexOutOfBounds(uint32 list, uint32 index);
    /// @notice The word at `position` lies outside the list.
    error StatusRegistryWordOutOfBounds(uint256 position, uint32 wordIndex);
    /// @notice Words and masks differ in number.
    error StatusRegistryLengthMismatch(uint256 words, uint256 masks);
    /// @notice The credential has that status already.
    error StatusRegistryUnchanged(uint32 list, uint32 index);
    /// @notice Only the contract that the Directory names Disputes gives remedies.
    error StatusRegistryNotDisputes(address caller);
    /// @notice The dispute has had its remedy.
    error StatusRegistryRemedied(bytes32 dispute);
    /// @notice No such leaf stands at that index of the batch.
    error StatusRegistryNotInBatch(bytes32 batchId, uint32 leafIndex);

    /// @notice A dispute ended with the revocation of one credential.
    /// @param dispute The dispute, by the number or hash that Disputes gave it.
    /// @param list The list.
    /// @param index The credential's place in it.
    /// @param batchId The batch that holds it.
    /// @param by The contract that decided the dispute.
    event DisputeRemedied(
        bytes32 indexed dispute, uint32 indexed list, uint32 index, bytes32 indexed batchId, address by
    );
    /// @notice A credential has left force for good.
    /// @param list The list.
    /// @param index The credential's place in it.
    /// @param reason 0 to 3.
    event CredentialRevoked(uint32 indexed list, uint32 indexed index, uint8 reason);
    /// @notice A credential is out of force until it is reinstated.
    /// @param list The list.
    /// @param index The credential's place in it.
    /// @param reason 0 to 3.
    event CredentialSuspended(uint32 indexed list, uint32 indexed index, uint8 reason);
    /// @notice A credential is no longer suspended.
    /// @param list The list.
    /// @param index The credential's place in it.
    /// @param reason 0 to 3.
    event CredentialReinstated(uint32 indexed list, uint32 indexed index, uint8 reason);
    /// @notice Credentials of one word were not revoked before, and are now.
    /// @param list The list.
    /// @param wordIndex Which word of 256 bits, from 0.
    /// @param mask Its bits that changed.
    /// @param reason 0 to 3.
    event WordsRevoked(uint32 indexed list, uint32 indexed wordIndex, uint256 mask, uint8 reason);
    /// @notice Credentials of one word are out of force until they are reinstated.
    /// @param list The list.
    /// @param wordIndex Which word of 256 bits, from 0.
    /// @param mask Its bits that changed.
    /// @param reason 0 to 3.
    event WordsSuspended(uint32 indexed list, uint32 indexed wordIndex, uint256 mask, uint8 reason);
    /// @notice Credentials of one word are no longer suspended.
    /// @param list The list.
    /// @param wordIndex Which word of 256 bits, from 0.
    /// @param mask Its bits that changed.
    /// @param reason 0 to 3.
    event WordsReinstated(uint32 indexed list, uint32 indexed wordIndex, uint256 mask, uint8 reason);
    /// @notice The Alliance took revocations of one word back.
    /// @param list The list.
    /// @param wordIndex Which word of 256 bits, from 0.
    /// @param mask Its bits that changed.
    /// @param document Hash of the document that explains it.
    event RevocationsCleared(uint32 indexed list, uint32 indexed wordIndex, uint256 mask, bytes32 indexed document);

    /// @notice Revoke one credential. STATUS of the list's issuer, or of its custodian while the issuer is not
    /// recognised; so for all that follow.
    /// @param list The list.
    /// @param index The credential's place in it.
    /// @param reason 0 to 3.
    function revoke(uint32 list, uint32 index, uint8 reason) external;

    /// @notice Put one credential out of force until it is reinstated.
    /// @param list The list.
    /// @param index The credential's place in it.
    /// @param reason 0 to 3.
    function suspend(uint32 list, uint32 index, uint8 reason) external;

    /// @notice End one credential's suspension.
    /// @param list The list.
    /// @param index The credential's place in it.
    /// @param reason 0 to 3.
    function reinstate(uint32 list, uint32 index, uint8 reason) external;

    /// @notice Revoke the masks' bits in the words. Bits already revoked are no error; events tell what changed.
    /// @param list The list.
    /// @param wordIndexes The words, from 0.
    /// @param masks For each word its bits.
    /// @param reason 0 to 3.
    function revokeWords(uint32 list, uint32[] calldata wordIndexes, uint256[] calldata masks, uint8 reason) external;

    /// @notice Suspend the masks' bits in the words, as `revokeWords` revokes them.
    /// @param list The list.
    /// @param wordIndexes The words, from 0.
    /// @param masks For each word its bits.
    /// @param reason 0 to 3.
    function suspendWords(uint32 list, uint32[] calldata wordIndexes, uint256[] calldata masks, uint8 reason) external;

    /// @notice End the suspension of the masks' bits in the words.
    /// @param list The list.
    /// @param wordIndexes The words, from 0.
    /// @param masks For each word its bits.
    /// @param reason 0 to 3.
    function reinstateWords(uint32 list, uint32[] calldata wordIndexes, uint256[] calldata masks, uint8 reason)
        external;

    /// @notice Take revocations back: the remedy against a stolen key. Alliance only.
    /// @param list The list.
    /// @param wordIndexes The words, from 0.
    /// @param masks For each word its bits.
    /// @param document Hash of the document that explains it.
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

    /// @notice The bits of one credential; whether its batch is void stands apart.
    /// @param list The list.
    /// @param index The credential's place in it.
    /// @return revoked Out of force for good.
    /// @return suspended Out of force until it is reinstated.
    function statusOf(uint32 list, uint32 index) external view returns (bool revoked, bool suspended);

    /// @notice `count` words of both bitmaps, from word `from` on.
    /// @param list The list.
    /// @param from The first word, from 0.
    /// @param count How many.
    /// @return revoked Their bits.
    /// @return suspended Their bits.
    function words(uint32 list, uint32 from, uint32 count)
        external
        view
        returns (uint256[] memory revoked, uint256[] memory suspended);
}
