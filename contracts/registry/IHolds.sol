// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Holds on what an issuer may anchor
/// @notice A hold refuses anchoring under every scope that it meets, the scopes below it too. It changes no verdict, and
/// lapses unless the Alliance votes.
interface IHolds {
    /// @notice A hold on what an issuer may anchor. One slot.
    struct Hold {
        uint32 framework;
        uint32 qualificationType; // 0: any
        uint40 since;
        uint40 until; // first second out of force
    }

    /// @notice The caller is neither the Alliance nor the contract that the Directory names QualityAudits.
    error IssuerRegistryNotAuditor(address caller);
    /// @notice A hold names a framework.
    error IssuerRegistryHoldMalformed();
    /// @notice The issuer may not anchor under that framework and type until then.
    error IssuerRegistryHeld(uint32 institution, uint16 index, uint40 until);
    /// @notice A hold on the same qualifications rests until `from`; before that only a vote holds again.
    error IssuerRegistryHoldRests(uint32 institution, uint16 index, uint40 from);
    /// @notice An issuer has at most so many holds.
    error IssuerRegistryTooManyHolds(uint32 institution, uint16 highest);
    /// @notice The issuer has no such hold.
    error IssuerRegistryUnknownHold(uint32 institution, uint16 index);

    /// @notice An issuer may not anchor under that framework and type for a while.
    /// @param institution The issuer.
    /// @param index The hold's number, from 1.
    /// @param framework The framework's number.
    /// @param qualificationType The type's number; 0: any.
    /// @param until The first second in which it may again.
    /// @param document Hash of the document that explains it.
    /// @param caller The Alliance, or the contract named QualityAudits.
    event IssuerHeld(
        uint32 indexed institution,
        uint16 indexed index,
        uint32 framework,
        uint32 qualificationType,
        uint40 until,
        bytes32 indexed document,
        address caller
    );
    /// @notice A vote prolonged or lifted a hold.
    /// @param institution The issuer.
    /// @param index The hold's number, from 1.
    /// @param until The first second out of force.
    /// @param document Hash of the document that explains it.
    event HoldEndSet(uint32 indexed institution, uint16 indexed index, uint40 until, bytes32 indexed document);

    /// @notice Hold an issuer's anchoring of one framework and type (0: any) for sixty days. The Alliance, or the contract
    /// named QualityAudits. No verdict changes by it.
    /// @param institution The issuer.
    /// @param framework The framework's number.
    /// @param qualificationType The type's number; 0: any.
    /// @param document Hash of the document that explains it.
    /// @return index Its number, from 1; that of a hold that lapsed long ago may be used again.
    function hold(uint32 institution, uint32 framework, uint32 qualificationType, bytes32 document)
        external
        returns (uint16 index);

    /// @notice Prolong a hold, or lift it now. Alliance only.
    /// @param institution The issuer.
    /// @param index The hold's number, from 1.
    /// @param until The first second out of force; 0: that of the call.
    /// @param document Hash of the document that explains it.
    function setHoldEnd(uint32 institution, uint16 index, uint40 until, bytes32 document) external;

    /// @notice A hold, from 1.
    /// @param institution The issuer.
    /// @param index The hold's number, from 1.
    /// @return The slot; zeros where there is none.
    function holdOf(uint32 institution, uint16 index) external view returns (Hold memory);
}
