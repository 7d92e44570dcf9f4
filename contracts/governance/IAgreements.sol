// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title The members' agreement, version by version, and who has signed which
interface IAgreements {
    /// @notice A version of the agreement. Two slots: `from` and `adoptedAt` share the first.
    struct Agreement {
        uint40 from; // in force from
        uint40 adoptedAt;
        bytes32 document;
    }

    /// @notice There is no such version of the agreement.
    error AllianceUnknownAgreement(uint32 version);
    /// @notice The institution has signed this version.
    error AllianceAlreadySigned(uint32 version, uint32 institution);

    /// @notice The members decided on a version of the agreement.
    /// @param version Its number, from 1.
    /// @param document The text's hash.
    /// @param from When it comes into force, in seconds since 1970.
    event AgreementAdopted(uint32 indexed version, bytes32 indexed document, uint40 from);
    /// @notice A member signed a version.
    /// @param version Its number.
    /// @param institution The member's.
    /// @param operator The GOVERN account that signed for it.
    event AgreementSigned(uint32 indexed version, uint32 indexed institution, address operator);

    /// @notice Adopt a version of the agreement. By vote only.
    /// @param document The text's hash.
    /// @param from When it comes into force, in seconds since 1970.
    /// @return version Counts from 1.
    function adoptAgreement(bytes32 document, uint40 from) external returns (uint32 version);

    /// @notice Sign a version of the agreement for the caller's institution.
    /// @param version Its number.
    function signAgreement(uint32 version) external;

    /// @notice Hand in a GOVERN operator's EIP-712 signature
    /// `AgreementSignature(uint32 version,bytes32 document,uint256 deadline)`.
    /// @param version Its number.
    /// @param deadline The last second in which the signature may be handed in.
    /// @param signature 65 bytes.
    function signAgreementFor(uint32 version, uint256 deadline, bytes calldata signature) external;

    /// @notice A version of the agreement; all zero where there is none.
    /// @param version Its number.
    /// @return The record.
    function agreement(uint32 version) external view returns (Agreement memory);

    /// @notice The newest version of the agreement, 0 before the first.
    /// @return Its number.
    function agreementCount() external view returns (uint32);

    /// @notice Whether an institution has signed a version.
    /// @param version Its number.
    /// @param institution The institution's.
    /// @return True where it has.
    function signed(uint32 version, uint32 institution) external view returns (bool);
}
