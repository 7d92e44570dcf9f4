// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Under which DIDs and keys an institution signs, and since when
/// @notice Never replaced, so that what was signed stays judged by the same records whatever else gets a successor.
/// A key belongs to (institution, key): that another institution registers the same bytes hinders nobody. A DID belongs
/// to one institution for ever. Ends and cut-offs only move earlier; what a vote moves later is counted in the record.
/// Every record that a proof names is one slot.
interface IKeys {
    /// @notice A signing key of an institution. One slot.
    struct Key {
        uint32 institution;
        uint8 usage; // 1 credentials, 2 status lists
        uint16 operatorIndex; // of the ADMIN that added it
        uint40 since;
        uint40 until; // first second out of use, past or planned; 0: none
        uint40 compromisedSince; // 0: in nobody else's hands as far as is known
        uint16 clearings; // how often a vote moved the cut-off later or took it away
        uint40 clearedAt; // the last time; 0: never
    }

    /// @notice A DID. One slot.
    struct Did {
        uint32 institution;
        uint40 since;
        uint40 until; // first second out of use, past or planned; 0: none
    }

    /// @notice A GOVERN's consent. One slot.
    struct Consent {
        address by;
        uint40 until; // the last second in which it counts
    }

    /// @notice There is no such institution.
    error KeysUnknownInstitution(uint32 institution);
    /// @notice The caller is no ADMIN of the institution, nor the Alliance where that may act too.
    error KeysNotAdmin(uint32 institution, address caller);
    /// @notice The ADMIN is frozen: it adds no key, and cuts off from now on only.
    error KeysAdminFrozen(address admin, uint40 until);
    /// @notice The caller is no GOVERN account of the institution.
    error KeysNotGovern(uint32 institution, address caller);
    /// @notice A DID is 8 to 256 printable ASCII characters that begin with `did:`.
    error KeysDidMalformed(string did);
    /// @notice The DID was given already; it is given once.
    error KeysDidTaken(bytes32 didHash, uint32 institution);
    /// @notice There is no such DID.
    error KeysUnknownDid(bytes32 didHash);
    /// @notice A key is not zero.
    error KeysKeyMalformed(bytes32 key);
    /// @notice The institution registered the key already; it has one usage for ever.
    error KeysKeyTaken(uint32 institution, bytes32 keyHash);
    /// @notice There are two usages.
    error KeysUnknownUsage(uint8 usage);
    /// @notice The institution has no such key.
    error KeysUnknownKey(uint32 institution, bytes32 keyHash);
    /// @notice An end lies between now and the end that was set before.
    error KeysEndOutOfBounds(uint40 until, uint40 earliest, uint40 latest);
    /// @notice A cut-off lies between `earliest` and `latest`.
    error KeysSinceOutOfBounds(uint40 since, uint40 earliest, uint40 latest);
    /// @notice The key has no cut-off.
    error KeysNotCompromised(uint32 institution, bytes32 keyHash);
    /// @notice A vote moved the cut-off; until then only a vote sets another.
    error KeysRestoredByVote(uint32 institution, bytes32 keyHash, uint40 until);
    /// @notice Taking a cut-off away takes the consent of a GOVERN of the institution besides the vote.
    error KeysNoConsent(uint32 institution, bytes32 keyHash);

    /// @notice An institution has one DID more, by vote.
    /// @param institution Whose it is from now on, for ever.
    /// @param didHash keccak256 of the DID.
    /// @param did The DID itself.
    event DidAdded(uint32 indexed institution, bytes32 indexed didHash, string did);
    /// @notice A DID ends, by vote.
    /// @param institution Whose it is.
    /// @param didHash keccak256 of the DID.
    /// @param until The first second out of use.
    /// @param document The hash of the document that explains it.
    event DidEnded(uint32 indexed institution, bytes32 indexed didHash, uint40 until, bytes32 indexed document);
    /// @notice An ADMIN added a key.
    /// @param institution Whose it is.
    /// @param keyHash keccak256 of the key.
    /// @param key The raw Ed25519 public key.
    /// @param usage 1 credentials, 2 status lists.
    /// @param by The ADMIN.
    event KeyAdded(uint32 indexed institution, bytes32 indexed keyHash, bytes32 key, uint8 usage, address by);
    /// @notice A key ends, now or as planned.
    /// @param institution Whose it is.
    /// @param keyHash keccak256 of the key.
    /// @param until The first second out of use.
    /// @param by An ADMIN, or the Alliance.
    event KeyRetired(uint32 indexed institution, bytes32 indexed keyHash, uint40 until, address by);
    /// @notice A key is in wrong hands since then.
    /// @param institution Whose it is.
    /// @param keyHash keccak256 of the key.
    /// @param since The first second in which the key does not count.
    /// @param by An ADMIN, or the Alliance.
    event KeyMarkedCompromised(uint32 indexed institution, bytes32 indexed keyHash, uint40 since, address by);
    /// @notice A GOVERN agrees that the key's cut-off be taken away, if a vote does so by `until`.
    /// @param institution Whose it is.
    /// @param keyHash keccak256 of the key.
    /// @param by The GOVERN.
    /// @param until The last second in which the consent counts.
    event KeyClearingConsented(uint32 indexed institution, bytes32 indexed keyHash, address by, uint40 until);
    /// @notice A vote moved a cut-off to the later `since`, or took it away (0).
    /// @param institution Whose it is.
    /// @param keyHash keccak256 of the key.
    /// @param former The cut-off before.
    /// @param since The first second in which the key does not count; 0: none.
    /// @param clearings How often a vote did this to the key, this time included.
    /// @param document The hash of the document that explains it.
    event KeyRestored(
        uint32 indexed institution,
        bytes32 indexed keyHash,
        uint40 former,
        uint40 since,
        uint16 clearings,
        bytes32 indexed document
    );

    /// @notice Add a DID under which the institution's credentials may stand. Alliance only.
    /// @param institution Whose it is from now on, for ever.
    /// @param did_ 8 to 256 printable ASCII characters that begin with `did:`.
    function addDid(uint32 institution, string calldata did_) external;

    /// @notice End a DID now or later, or earlier than planned. Alliance only.
    /// @param didHash keccak256 of the DID.
    /// @param until The first second in which nothing is anchored under it any more; 0: now.
    /// @param document The hash of the document that explains it.
    function endDid(bytes32 didHash, uint40 until, bytes32 document) external;

    /// @notice Add a raw Ed25519 public key to the caller's institution. ADMIN only, not a frozen one.
    /// @param key_ The key, 32 bytes.
    /// @param usage 1 credentials, 2 status lists.
    function addKey(bytes32 key_, uint8 usage) external;

    /// @notice End a key's use now or later, or earlier than planned. ADMIN of its institution or Alliance.
    /// @param institution Whose key it is.
    /// @param keyHash keccak256 of the key.
    /// @param until The first second in which it no longer counts; 0: now.
    function retireKey(uint32 institution, bytes32 keyHash, uint40 until) external;

    /// @notice Say since when a key was in wrong hands: ADMIN at most 90 days back, a frozen one from now on only, the
    /// Alliance any time. Only ever earlier; and for 90 days after a vote restored the key, by vote only.
    /// @param institution Whose key it is.
    /// @param keyHash keccak256 of the key.
    /// @param since The first second in which it does not count.
    function markKeyCompromised(uint32 institution, bytes32 keyHash, uint40 since) external;

    /// @notice Move a cut-off to a later time, no later than now. Alliance only; the record counts it.
    /// @param institution Whose key it is.
    /// @param keyHash keccak256 of the key.
    /// @param since The first second in which it does not count.
    /// @param document The hash of the document that explains it.
    function restoreKey(uint32 institution, bytes32 keyHash, uint40 since, bytes32 document) external;

    /// @notice Agree that the Alliance takes a key's cut-off away, within 60 days. A GOVERN of its institution; a new
    /// cut-off ends the consent.
    /// @param institution Whose key it is.
    /// @param keyHash keccak256 of the key.
    function consentToClearKey(uint32 institution, bytes32 keyHash) external;

    /// @notice Take a key's cut-off away, with the consent of a GOVERN who still is one. Alliance only; the record
    /// counts it.
    /// @param institution Whose key it is.
    /// @param keyHash keccak256 of the key.
    /// @param document The hash of the document that explains it.
    function clearKey(uint32 institution, bytes32 keyHash, bytes32 document) external;

    /// @notice A key's record; zeros where the institution has no such key.
    /// @param institution Whose key it is.
    /// @param keyHash keccak256 of the key.
    /// @return The record.
    function key(uint32 institution, bytes32 keyHash) external view returns (Key memory);

    /// @notice Who last agreed that the key's cut-off be taken away; zeros: nobody.
    /// @param institution Whose key it is.
    /// @param keyHash keccak256 of the key.
    /// @return The account, and the last second in which it counts.
    function keyConsent(uint32 institution, bytes32 keyHash) external view returns (Consent memory);

    /// @notice How many keys an institution ever added.
    /// @param institution Its number.
    /// @return Their number.
    function keyCount(uint32 institution) external view returns (uint256);

    /// @notice An institution's keys in the order of their addition, a page at a time.
    /// @param institution Its number.
    /// @param from The first one's position, from 0.
    /// @param count The most to return.
    /// @return page The raw keys; their hash leads to the record.
    function keysOf(uint32 institution, uint256 from, uint256 count) external view returns (bytes32[] memory page);

    /// @notice A DID's record; zeros where it was never given.
    /// @param didHash keccak256 of the DID.
    /// @return The record.
    function did(bytes32 didHash) external view returns (Did memory);

    /// @notice How many DIDs an institution was ever given.
    /// @param institution Its number.
    /// @return Their number.
    function didCount(uint32 institution) external view returns (uint256);

    /// @notice An institution's DIDs in the order of their addition, a page at a time.
    /// @param institution Its number.
    /// @param from The first one's position, from 0.
    /// @param count The most to return.
    /// @return page The DIDs; their hash leads to the record.
    function didsOf(uint32 institution, uint256 from, uint256 count) external view returns (string[] memory page);

    /// @notice The Operators that say who acts for whom.
    /// @return Their address.
    function operators() external view returns (address);
}
